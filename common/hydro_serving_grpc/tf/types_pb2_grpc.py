"""Empty, since hydro_serving_grpc/tf/types.proto defines no service; grpc's generator writes it too."""
