"""Empty, since hydro_serving_grpc/serving/contract/signature.proto defines no service; grpc's generator writes it too."""
