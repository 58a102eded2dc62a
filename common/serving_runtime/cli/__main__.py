"""Run the command as ``python -m serving_runtime.cli``, where scripts are not on the path."""

import sys

from serving_runtime.cli import main

sys.exit(main())
