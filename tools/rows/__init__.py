"""Read `build_matrix.yaml`, so that nothing else in the repository lists images or versions."""

from tools.rows.reader import load
from tools.rows.rows import Matrix, MatrixError, Row, Status

__all__ = ["Matrix", "MatrixError", "Row", "Status", "load"]
