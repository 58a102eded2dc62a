"""From a request to a batch for a worker: admission, queue, dispatch."""
