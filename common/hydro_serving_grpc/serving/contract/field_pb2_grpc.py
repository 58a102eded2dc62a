"""Empty, since hydro_serving_grpc/serving/contract/field.proto defines no service; grpc's generator writes it too."""
