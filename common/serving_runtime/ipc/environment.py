"""The environment variables by which the front names what it has passed on to a worker."""

# Set where the first worker may fork a fork server: the descriptors of the socket on which that
# takes requests, and of the worker's connection.
FORK_SERVER = "SERVING_RUNTIME_FORK_SERVER"
# The descriptor of a file without a name, in which the first worker notes what it has loaded.
LOADED = "SERVING_RUNTIME_LOADED"
# Names the worker to all processes that it starts.
WORKER = "SERVING_RUNTIME_WORKER"
