"""Empty, since hydro_serving_grpc/contract/model_signature.proto defines no service; grpc's generator writes it too."""
