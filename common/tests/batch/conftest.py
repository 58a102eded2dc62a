import importlib.util
import sys

# Batch scoring is an extra that no image has: tried where its users are, on current Pythons.
if sys.version_info < (3, 10):
    collect_ignore_glob = ["*"]
elif importlib.util.find_spec("pyspark") is None:
    collect_ignore = ["test_spark.py"]  # the environment `spark` runs it
