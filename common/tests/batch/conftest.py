import sys

# Batch scoring is an extra that no image has: tried where its users are, on current Pythons.
if sys.version_info < (3, 10):
    collect_ignore_glob = ["*"]
