"""Empty, since hydro_serving_grpc/serving/contract/tensor.proto defines no service; grpc's generator writes it too."""
