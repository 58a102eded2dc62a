"""Serve by ``python -m spark_runtime``, for those who look for a runtime by its own name."""

import sys

from serving_runtime import cli

if __name__ == "__main__":
    sys.exit(cli.main(["serve", "--runtime", "spark", *sys.argv[1:]]))
