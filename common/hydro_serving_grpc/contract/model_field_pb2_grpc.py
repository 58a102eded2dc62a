"""Empty, since hydro_serving_grpc/contract/model_field.proto defines no service; grpc's generator writes it too."""
