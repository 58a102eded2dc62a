"""Empty, since hydro_serving_grpc/tf/api/get_model_metadata.proto defines no service; grpc's generator writes it too."""
