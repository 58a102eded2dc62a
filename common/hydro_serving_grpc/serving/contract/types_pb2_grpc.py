"""Empty, since hydro_serving_grpc/serving/contract/types.proto defines no service; grpc's generator writes it too."""
