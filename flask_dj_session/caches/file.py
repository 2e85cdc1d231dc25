"""Django's FileBasedCache: an entry is a file, with the time of its end before its value."""

from __future__ import annotations

import contextlib
import os
import pickle
import random
import re
import struct
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any

from ..settings import CacheEntry
from ..wire import MAX_UNPACKED
from .client import is_error_of

_SUFFIX = ".djcache"
# A pickled float or None, as any protocol writes it that Django has used here.
_END = re.compile(rb"\x80[\x02-\x05](?:\x95.{8})?(?:G(.{8})|N)\.", re.DOTALL)


class FileClient:
    """A folder with an entry in each file.

    :param entry: of CACHES.

    # Django 5.2, core/cache/backends/filebased.py
    """

    def __init__(self, entry: CacheEntry) -> None:
        self._folder = Path(os.path.abspath(entry.locations[0]))
        self._most = entry.max_entries
        self._frequency = entry.cull_frequency

    def get(self, name: str) -> Any:
        """Return what is under *name*; None where there is nothing."""
        found = self._read(name)
        return None if found is None else _unpacked(found[1])

    def swap(
        self, name: str, value: bytes, seconds: float, is_known: Callable[[Any], bool]
    ) -> bool:
        """Put a value in the place of a known one, or remove what is there."""
        if not is_known(self.get(name)):
            self.delete([name])
            return False
        self._set(name, value, seconds)
        return True

    def add(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if nothing is there."""
        if self._read(name) is not None:
            return False
        self._set(name, value, seconds)
        return True

    def replace(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if something is there."""
        if self._read(name) is None:
            return False
        self._set(name, value, seconds)
        return True

    def touch(self, name: str, seconds: float) -> bool:
        """Let an entry end in so many seconds."""
        try:
            with open(self._file(name), "r+b") as file:
                content, end = file.read(), _written_end(seconds)
                found = _taken_apart(content)
                if found is None:
                    return False
                if len(end) + len(found[1]) == len(content):
                    # In this very file: where a save has put another one in its place by now, that
                    # one stays, as in Django.
                    file.seek(0)
                    file.write(end)
                    return True
        except FileNotFoundError:
            return False
        self._write(name, found[1], seconds)
        return True

    def delete(self, names: Sequence[str]) -> int:
        """Remove entries."""
        return sum(_removed(self._file(name)) for name in names)

    def seconds_left(self, name: str) -> float | None:
        """Return how long an entry stays."""
        found = self._read(name)
        return None if found is None or found[0] is None else found[0] - time.time()

    def names(self, beginning: str) -> Iterator[str] | None:
        """Return None: a file's name does not tell what it holds."""
        return None

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def give_up(self) -> None:
        """Do nothing, as there is no connection."""

    def has_failed(self, error: Exception) -> bool:
        """Return whether *error* is one of the folder's."""
        return is_error_of(error)

    def has_answered(self, error: Exception) -> bool:
        """Return whether *error* is an answer: a folder is never down, but it may be full."""
        return True

    def _file(self, name: str) -> Path:
        digest = md5(name.encode(), usedforsecurity=False).hexdigest()
        return self._folder / f"{digest}{_SUFFIX}"

    def _read(self, name: str) -> tuple[float | None, bytes] | None:
        """Return the end of an entry and its packed value; None where it is no more."""
        try:
            content = self._file(name).read_bytes()
        except FileNotFoundError:
            return None
        return _taken_apart(content)

    def _set(self, name: str, value: bytes, seconds: float) -> None:
        """Put a value under *name*, and make room where there are too many."""
        self._write(name, zlib.compress(value), seconds)

    def _write(self, name: str, packed: bytes, seconds: float) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._cull()
        number, path = tempfile.mkstemp(dir=self._folder)
        try:
            with open(number, "wb") as file:
                file.write(_written_end(seconds) + packed)
            os.replace(path, self._file(name))
        except BaseException:
            os.unlink(path)
            raise

    def _cull(self) -> None:
        files = list(self._folder.glob(f"*{_SUFFIX}"))
        if len(files) < self._most:
            return
        share = len(files) // self._frequency if self._frequency else len(files)
        for file in random.sample(files, share):
            _removed(file)


def _taken_apart(content: bytes) -> tuple[float | None, bytes] | None:
    match = _END.match(content)
    if match is None:
        return None
    end = struct.unpack(">d", match[1])[0] if match[1] else None
    return None if end is not None and end < time.time() else (end, content[match.end() :])


def _written_end(seconds: float) -> bytes:
    end = time.time() + (seconds if seconds > 0 else -1)
    return pickle.dumps(end, pickle.HIGHEST_PROTOCOL)


def _removed(file: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        file.unlink()
        return True
    return False


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(packed, MAX_UNPACKED)
    except zlib.error:
        return b""
    return unpacked if unpacker.eof else b""
