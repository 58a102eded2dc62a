"""Read the Parquet files of saved models: all that Spark writes there, and no more.

pyarrow reads any Parquet file, and takes 170 MB of each image for it.
"""

from spark_runtime.parquet.errors import ParquetError
from spark_runtime.parquet.files import read_rows

__all__ = ["ParquetError", "read_rows"]
