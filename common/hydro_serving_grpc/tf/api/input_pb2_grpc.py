"""Empty, since hydro_serving_grpc/tf/api/input.proto defines no service; grpc's generator writes it too."""
