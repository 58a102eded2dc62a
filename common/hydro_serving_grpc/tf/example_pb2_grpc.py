"""Empty, since hydro_serving_grpc/tf/example.proto defines no service; grpc's generator writes it too."""
