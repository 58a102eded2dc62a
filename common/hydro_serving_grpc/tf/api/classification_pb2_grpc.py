"""Empty, since hydro_serving_grpc/tf/api/classification.proto defines no service; grpc's generator writes it too."""
