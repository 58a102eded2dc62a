"""Empty, since hydro_serving_grpc/tf/api/inference.proto defines no service; grpc's generator writes it too."""
