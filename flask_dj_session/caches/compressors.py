"""django-redis's compressors, none of which unpacks more than a stated limit here."""

from __future__ import annotations

import gzip
import lzma
import zlib
from importlib import import_module
from typing import Any, ClassVar, Protocol

from ..errors import CacheValueError
from ..wire import MAX_UNPACKED

#: bytes of memory that unpacking LZMA may take
_LZMA_MEMORY = 64 * 1024 * 1024


class Compressor(Protocol):
    """One of them."""

    #: what has at most so many bytes is not compressed
    min_length: ClassVar[int]
    #: the package that it takes
    library: ClassVar[str]

    def compress(self, value: bytes) -> bytes:
        """Pack *value*."""

    def decompress(self, value: bytes) -> bytes | None:
        """Unpack *value*; None where it is not packed.

        :raises CacheValueError: where it unpacks to too much.
        """


class _Zlib:
    min_length: ClassVar[int] = 15
    library: ClassVar[str] = ""
    _window: ClassVar[int] = zlib.MAX_WBITS

    def compress(self, value: bytes) -> bytes:
        return zlib.compress(value, 6)

    def decompress(self, value: bytes) -> bytes | None:
        unpacker = zlib.decompressobj(self._window)
        try:
            unpacked = unpacker.decompress(value, MAX_UNPACKED)
        except zlib.error:
            return None
        return _whole(unpacked, is_whole=unpacker.eof)


class _Gzip(_Zlib):
    _window: ClassVar[int] = zlib.MAX_WBITS | 16

    def compress(self, value: bytes) -> bytes:
        return gzip.compress(value)


class _LZMA:
    min_length: ClassVar[int] = 100
    library: ClassVar[str] = ""

    def compress(self, value: bytes) -> bytes:
        return lzma.compress(value, preset=4)

    def decompress(self, value: bytes) -> bytes | None:
        unpacker = lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)
        try:
            unpacked = unpacker.decompress(value, MAX_UNPACKED)
        except lzma.LZMAError:
            return None
        return _whole(unpacked, is_whole=unpacker.eof)


class _LZ4:
    min_length: ClassVar[int] = 15
    library: ClassVar[str] = "lz4.frame"

    def compress(self, value: bytes) -> bytes:
        packed: bytes = import_module(self.library).compress(value)
        return packed

    def decompress(self, value: bytes) -> bytes | None:
        unpacker: Any = import_module(self.library).LZ4FrameDecompressor()
        try:
            unpacked = unpacker.decompress(value, MAX_UNPACKED)
        except RuntimeError:
            return None
        return _whole(unpacked, is_whole=unpacker.eof)


class _Zstd:
    min_length: ClassVar[int] = 15
    library: ClassVar[str] = "pyzstd"

    def compress(self, value: bytes) -> bytes:
        packed: bytes = import_module(self.library).compress(value)
        return packed

    def decompress(self, value: bytes) -> bytes | None:
        pyzstd: Any = import_module(self.library)
        unpacker = pyzstd.ZstdDecompressor()
        try:
            unpacked = unpacker.decompress(value, MAX_UNPACKED)
        except pyzstd.ZstdError:
            return None
        return _whole(unpacked, is_whole=unpacker.eof)


def _whole(unpacked: bytes, *, is_whole: bool) -> bytes | None:
    if len(unpacked) >= MAX_UNPACKED:
        raise CacheValueError("unpacks to too much")
    # What ends too early is none: a few bytes may look like the beginning of one.
    return unpacked if is_whole else None


#: by their names below ``django_redis.compressors``; None for what compresses nothing
COMPRESSORS: dict[str, type[Compressor] | None] = {
    "identity.IdentityCompressor": None,
    "zlib.ZlibCompressor": _Zlib,
    "gzip.GzipCompressor": _Gzip,
    "lzma.LzmaCompressor": _LZMA,
    "lz4.Lz4Compressor": _LZ4,
    "zstd.ZStdCompressor": _Zstd,
}
