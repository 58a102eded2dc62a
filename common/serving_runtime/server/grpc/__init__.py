"""The gRPC transport; the only folder of the server that imports grpc."""
