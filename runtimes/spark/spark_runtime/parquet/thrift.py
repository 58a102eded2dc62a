"""Read Thrift's compact protocol, in which Parquet describes itself.

See: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

import struct
from typing import Any, Callable, Dict, List

from spark_runtime.parquet.errors import ParquetError

Struct = Dict[int, Any]

_TRUE, _FALSE = 1, 2


class Thrift:
    """A position in bytes, from which values are read.

    Args:
        content: holds the values.
        at: where the first one is.
    """

    def __init__(self, content: bytes, at: int = 0) -> None:
        self._content = content
        self.at = at
        self._readers: Dict[int, Callable[[], Any]] = {
            _TRUE: lambda: True,
            _FALSE: lambda: False,
            3: self._byte,
            4: self.zigzag,
            5: self.zigzag,
            6: self.zigzag,
            7: self._double,
            8: self._binary,
            9: self._list,
            10: self._list,
            12: self.struct,
        }

    def varint(self) -> int:
        """Read an unsigned integer: seven bits a byte, the lowest first."""
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def zigzag(self) -> int:
        """Read a signed integer, written so that small ones are short: 0, -1, 1 as 0, 1, 2."""
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def struct(self) -> Struct:
        """Read a struct: its values by the numbers of their fields."""
        values: Struct = {}
        field = 0
        while True:
            head = self._byte()
            if head == 0:
                return values
            field = field + (head >> 4) if head >> 4 else self.zigzag()
            values[field] = self._value(head & 0x0F)

    def _value(self, kind: int) -> Any:
        if kind not in self._readers:
            raise ParquetError(f"its description has a value of the unknown kind {kind}")
        return self._readers[kind]()

    def _byte(self) -> int:
        self.at += 1
        return self._content[self.at - 1]

    def _double(self) -> float:
        self.at += 8
        value: float = struct.unpack_from("<d", self._content, self.at - 8)[0]
        return value

    def _binary(self) -> bytes:
        size = self.varint()
        self.at += size
        return self._content[self.at - size : self.at]

    def _list(self) -> List[Any]:
        head = self._byte()
        size, kind = head >> 4, head & 0x0F
        if size == 15:
            size = self.varint()
        if kind in (_TRUE, _FALSE):  # of which each has a byte here, and none of its own elsewhere
            return [self._byte() == _TRUE for _ in range(size)]
        return [self._value(kind) for _ in range(size)]
