"""What is asked of a cache, whichever kind it is; each client has a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol


class Client(Protocol):
    """One cache. Any method may raise what its library raises where the cache is down.

    Names are those of entries, and seconds those of Django's ``timeout``: none of them, or fewer,
    and there is no entry.
    """

    def get(self, name: str) -> Any:
        """Return what is under *name*, raw; None where there is nothing."""

    def swap(
        self, name: str, value: bytes, seconds: float, is_known: Callable[[Any], bool]
    ) -> bool:
        """Put a value in the place of a known one, and return whether it is there.

        :param is_known: is given what is there, raw, or None. If it is false, or somebody else
            puts something there meanwhile, there is no entry afterwards.
        """

    def add(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if nothing is there, and return whether it was put."""

    def replace(self, name: str, value: bytes, seconds: float) -> bool:
        """Put a value under *name* if something is there, and return whether it was."""

    def touch(self, name: str, seconds: float) -> bool:
        """Let an entry end in so many seconds, and return whether there is one."""

    def delete(self, names: Sequence[str]) -> int:
        """Remove entries, and return how many there were."""

    def seconds_left(self, name: str) -> float | None:
        """Return how long an entry stays; None where there is none, or where nobody can tell."""

    def names(self, beginning: str) -> Iterator[str] | None:
        """Yield the names with a beginning; None where this cache cannot be asked for them."""

    def close(self) -> None:
        """Close the connections; the next question opens new ones."""

    def give_up(self) -> None:
        """Use no connection again: the answer to what was interrupted may still be on its way."""

    def has_failed(self, error: Exception) -> bool:
        """Return whether *error* is the cache's; another one has interrupted the question."""

    def has_answered(self, error: Exception) -> bool:
        """Return whether *error* is an answer: the cache is full, for one, but not down."""


#: what a library lets through of what it calls itself: sockets, TLS, the packing of values
_AROUND = ("builtins", "socket", "ssl", "select", "struct", "zlib", "flask_dj_session")


def is_error_of(error: Exception, *packages: str) -> bool:
    """Return whether *error* is one of these *packages*, or of what these call.

    The end of a time limit, as a task queue raises it, is none, whenever it comes.
    """
    kinds = [_package_of(kind) for kind in type(error).__mro__]
    # An OSError is a connection's, also where its class is another package's, such as gevent's.
    return (
        isinstance(error, OSError)
        or kinds[0] in _AROUND
        or any(package in kinds for package in packages)
    )


def _package_of(kind: type) -> str:
    return kind.__module__.partition(".")[0]
