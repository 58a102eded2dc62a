"""The entry of a worker process, started by the front."""

import sys

from serving_runtime.worker.process import main

sys.exit(main(sys.argv[1:]))
