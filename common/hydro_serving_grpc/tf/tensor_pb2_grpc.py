"""Empty, since hydro_serving_grpc/tf/tensor.proto defines no service; grpc's generator writes it too."""
