"""What reading a pickle may cost: so many steps, and more for one that is long itself.

A few bytes can stand for data that is endless in all but name: the same list a thousand times in a
list that stands a thousand times in the next. So whatever is done for a pickle is paid for before,
in steps of about a microsecond, and what is read is small, flat and quick to compare, copy and
write for whoever gets it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from ..errors import PickleError
from .stand_ins import Message, SafeBytes, SafeString, SafeText, SafeUnicode

#: how many steps any pickle may take; a number in a list takes two
# Unlike Django: it reads any pickle, however much that costs.
MAX_STEPS = 1_000_000

#: how deep data may be nested, so that Python can copy, compare and write it afterwards
MAX_DEPTH = 200

# So many characters or bytes are a step, and so many looks into a table.
_CHARACTERS = 64
_LOOKS = 1024

_TEXTS = frozenset([str, bytes, bytearray, SafeBytes, SafeString, SafeText, SafeUnicode])


class CostError(PickleError):
    """The pickle costs more than it may.

    :param problem: what is wrong with it, as a sentence without its subject.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(f"The pickle {problem}")
        self.problem = problem


def _of_dict(value: dict[Any, Any]) -> Iterator[Any]:
    return itertools.chain(value.keys(), value.values())


def _of_message(value: Message) -> Iterator[Any]:
    return iter(value.parts)


def _of_uuid(value: UUID) -> Iterator[Any]:
    return iter((value.int,))  # AttributeError where it was never given its number


_INSIDE: dict[type, Callable[[Any], Iterator[Any]]] = {
    list: iter,
    tuple: iter,
    set: iter,
    frozenset: iter,
    dict: _of_dict,
    Message: _of_message,
    UUID: _of_uuid,
}


class Budget:
    """Counts the steps that are left.

    :param length: how many bytes the pickle has; to handle each of them twice is always paid for.
    """

    def __init__(self, length: int) -> None:
        self.left = MAX_STEPS + 2 * (length // _CHARACTERS)
        # For each table: it (so that its id stays its own), its keys that are no text, and how
        # many of them have the same hash.
        self._tables: dict[int, tuple[Any, list[int], dict[int, int]]] = {}

    def spend(self, steps: int) -> None:
        """Pay *steps*.

        :raises CostError: where they are not left.
        """
        self.left -= steps
        if self.left < 0:
            raise CostError(f"takes more than {MAX_STEPS} steps to read")

    def spend_on_length(self, length: int) -> None:
        """Pay for something of *length* characters or bytes."""
        self.left -= 1 + length // _CHARACTERS
        if self.left < 0:
            self.spend(0)

    def spend_on_tree(self, value: Any) -> None:
        """Pay for going through *value*, what is in it twice being gone through twice.

        :raises CostError: also where it is nested too deeply.
        """
        above: list[tuple[Iterator[Any], int]] = []
        on_the_way: set[int] = set()
        items: Iterator[Any] = iter((value,))
        while True:
            for item in items:
                inside = self.spend_on_one(item)
                if inside is not None and id(item) not in on_the_way:
                    if len(above) == MAX_DEPTH:
                        raise CostError(f"has more than {MAX_DEPTH} levels of nesting")
                    above.append((items, id(item)))
                    on_the_way.add(id(item))
                    items = inside
                    break
            else:
                if not above:
                    return
                items, done = above.pop()
                on_the_way.remove(done)

    def spend_on_one(self, value: Any) -> Iterator[Any] | None:
        """Pay for *value* itself.

        :returns: what is in it; None where it is no collection.
        """
        kind = type(value)
        inside = _INSIDE.get(kind)
        if inside is not None:
            self.spend(1)
            return inside(value)
        if kind in _TEXTS:
            self.spend_on_length(len(value))
        else:
            self.spend_on_length(value.bit_length() // 8 if kind is int else 0)
        return None

    def spend_on_key(self, table: Any, key: Any) -> None:
        """Pay for putting *key* into *table*, a dict or a set, before it is done.

        The hashes of text are secret. Others can be chosen so that all keys have the same one, and
        each is compared with all before it; or so that the place of each is taken.
        """
        if type(key) is str:
            self.spend_on_length(len(key))
            return
        before = self.left
        self.spend_on_tree(key)
        _, count, same = self._tables.setdefault(id(table), (table, [0], {}))
        number = hash(key)
        alike = same.get(number, 0)
        self.spend(alike * (before - self.left) + count[0] // _LOOKS)
        same[number] = alike + 1
        count[0] += 1
