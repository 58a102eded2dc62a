"""Empty, since hydro_serving_grpc/tf/api/regression.proto defines no service; grpc's generator writes it too."""
