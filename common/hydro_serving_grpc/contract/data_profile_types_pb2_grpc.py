"""Empty, since hydro_serving_grpc/contract/data_profile_types.proto defines no service; grpc's generator writes it too."""
