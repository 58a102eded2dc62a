"""Empty, since hydro_serving_grpc/tf/meta_graph.proto defines no service; grpc's generator writes it too."""
