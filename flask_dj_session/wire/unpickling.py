"""The machine that carries out a pickle: nothing is built but what is on the allow-list.

It does what Python's own does, but pays for each step before it is done, and refuses what no
session needs: names by number, objects kept elsewhere, attributes of whatever is on the stack.
Python's own is of no use for that: the one in C has no hook for most of it, and the one in Python
is private.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any
from uuid import UUID, SafeUUID

from ..errors import PickleError
from .allowed import MADE_BLANK, allowed, builder_of
from .budget import Budget
from .opcodes import NAMES, instructions
from .stand_ins import Message, SafeTextBase

_NAME_SHOWN = 100


class Memo:
    """Keeps what a pickle will need again, by the number that it gives it."""

    _NOTHING = object()

    def __init__(self) -> None:
        self._values: list[Any] = []
        self._count = 0

    def put(self, index: int | None, value: Any, *, step: int) -> None:
        """Keep *value* under *index*, by default the next number.

        :param step: how many instructions there have been, so that a few do not take much room.
        """
        values = self._values
        if index is None and self._count == len(values):  # as what is written today has it
            values.append(value)
            self._count += 1
            return
        index = self._count if index is None else index
        if index > step:
            raise ValueError("a number that no pickler has come to")
        values += [self._NOTHING] * (index + 1 - len(values))
        self._count += values[index] is self._NOTHING
        values[index] = value

    def get(self, index: int) -> Any:
        """Return what was kept under *index*."""
        value = self._values[index]
        if value is self._NOTHING:
            raise IndexError("nothing was kept there")
        return value


class Unpickler:
    """Carries out one pickle.

    :param data: all of it, and perhaps more behind.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._budget = Budget(len(data))
        self._steps = 0
        self._stack: list[Any] = []
        self._marked: list[list[Any]] = []
        self._memo = Memo()

    def load(self) -> Any:
        """Return what the pickle holds.

        :raises PickleError: saying what is refused; any other error says that it is no pickle.
        """
        budget, carry_outs = self._budget, _CARRY_OUT
        for code, argument in instructions(self._data):
            budget.left -= 1  # without a call, which takes as long as some of the instructions
            if budget.left < 0:
                budget.spend(0)
            self._steps += 1
            if code not in carry_outs:
                raise PickleError(f"The pickle uses {NAMES[code]}, which is refused")
            carry_outs[code](self, argument)
        value = self._stack.pop()
        self._budget.spend_on_tree(value)
        return value

    # The stack

    def _push(self, argument: Any) -> None:
        self._stack.append(argument)

    def _new(self, kind: type) -> None:
        self._budget.spend(3 if kind is set else 1)  # for its room in memory
        self._stack.append(kind())

    def _repeat(self, argument: Any) -> None:
        self._stack.append(self._stack[-1])

    def _pop(self, argument: Any) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._pop_marked()

    def _mark(self, argument: Any) -> None:
        self._marked.append(self._stack)
        self._stack = []

    def _pop_marked(self, argument: Any = None) -> list[Any]:
        items = self._stack
        self._stack = self._marked.pop()
        return items

    def _top(self, kind: type) -> Any:
        if type(self._stack[-1]) is not kind:
            raise TypeError("another kind is on the stack")
        return self._stack[-1]

    # The memo

    def _put(self, index: int | None) -> None:
        self._memo.put(index, self._stack[-1], step=self._steps)

    def _get(self, index: int) -> None:
        self._stack.append(self._memo.get(index))

    # Collections

    def _marked_tuple(self, argument: Any) -> None:
        items = self._pop_marked()
        self._stack.append(tuple(items))

    def _tuple(self, size: int) -> None:
        items = tuple(self._stack[-size:])
        if len(items) < size:
            raise ValueError("too few on the stack")
        self._stack[-size:] = [items]

    def _list(self, argument: Any) -> None:
        items = self._pop_marked()
        self._stack.append(items)

    def _append(self, argument: Any) -> None:
        item = self._stack.pop()
        self._top(list).append(item)

    def _append_marked(self, argument: Any) -> None:
        items = self._pop_marked()
        self._top(list).extend(items)

    def _dict(self, argument: Any) -> None:
        items = self._pop_marked()
        self._stack.append({})
        self._set_items(items)

    def _set_item(self, argument: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set_items([key, value])

    def _set_marked_items(self, argument: Any) -> None:
        self._set_items(self._pop_marked())

    def _set_items(self, items: list[Any]) -> None:
        table = self._top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            self._budget.spend_on_key(table, key)
            table[key] = value

    def _frozenset(self, argument: Any) -> None:
        items = self._pop_marked()
        self._stack.append(frozenset(self._add(set(), items)))

    def _add_marked(self, argument: Any) -> None:
        items = self._pop_marked()
        self._add(self._top(set), items)

    def _add(self, members: set[Any], items: Sequence[Any]) -> set[Any]:
        for item in items:
            self._budget.spend_on_key(members, item)
            members.add(item)
        return members

    # Names, calls and objects

    def _name(self, names: tuple[str, str]) -> None:
        self._stack.append(_named(*names))

    def _name_on_stack(self, argument: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if type(name) is not str or type(module) is not str:
            raise TypeError("a name is text")
        self._stack.append(_named(module, name))

    def _reduce(self, argument: Any) -> None:
        arguments = self._arguments()
        self._stack.append(self._call(self._stack.pop(), arguments))

    def _object(self, argument: Any) -> None:
        named, *arguments = self._pop_marked()
        self._stack.append(self._call(named, arguments))

    def _instance(self, names: tuple[str, str]) -> None:
        arguments = self._pop_marked()
        self._stack.append(self._call(_named(*names), arguments))

    def _blank(self, argument: Any) -> None:
        arguments = self._arguments()
        kind = self._stack.pop()
        if not (isinstance(kind, type) and issubclass(kind, MADE_BLANK)):
            raise TypeError("not made that way")
        self._spend_on_arguments(arguments)
        self._stack.append(kind.__new__(kind, *arguments))

    def _arguments(self) -> tuple[Any, ...]:
        arguments: tuple[Any, ...] = self._top(tuple)
        self._stack.pop()
        return arguments

    def _call(self, named: Any, arguments: Sequence[Any]) -> Any:
        build = builder_of(named)
        if build is set or build is frozenset:
            (items,) = arguments or ((),)
            if type(items) not in (list, tuple):
                raise TypeError("not what a set is pickled with")
            return build(self._add(set(), items))
        self._spend_on_arguments(arguments)
        return build(*arguments)

    def _spend_on_arguments(self, arguments: Sequence[Any]) -> None:
        for argument in arguments:
            if self._budget.spend_on_one(argument) is not None:
                raise TypeError("nothing is built of a collection, but sets")

    def _build(self, argument: Any) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        is_state = _STATES.get(type(target))
        if is_state is not None and is_state(state):
            target.__setstate__(state)
        elif not (isinstance(target, SafeTextBase) and _is_empty(state)):
            raise PickleError("The pickle sets attributes of what has none to set")

    def _begin(self, protocol: int) -> None:
        if protocol > pickle.HIGHEST_PROTOCOL:
            raise ValueError("a protocol of the future")

    def _go_on(self, argument: Any) -> None:
        """Do nothing: a frame begins, or the end is reached."""


def _named(module: str, name: str) -> Any:
    try:
        return allowed(module, name)
    except KeyError:
        full = f"{module[:_NAME_SHOWN]}.{name[:_NAME_SHOWN]}"
        raise PickleError(f"The pickle names {full!r}, which is refused", full) from None


def _is_state_of_message(state: Any) -> bool:
    return type(state) is dict


def _is_empty(state: Any) -> bool:
    # Python 2's safe strings have a __dict__, which is always empty.
    return state is None or (type(state) is dict and not state)


def _is_state_of_uuid(state: Any) -> bool:
    return (
        type(state) is dict
        and type(state.get("int")) is int
        and 0 <= state["int"] < 2**128
        and isinstance(state.get("is_safe", 0), (int, NoneType, SafeUUID))
    )


_STATES = {Message: _is_state_of_message, UUID: _is_state_of_uuid}

_PUSHED = [
    *(pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE, pickle.EMPTY_TUPLE, pickle.INT, pickle.BININT),
    *(pickle.BININT1, pickle.BININT2, pickle.LONG, pickle.LONG1, pickle.LONG4, pickle.FLOAT),
    *(pickle.BINFLOAT, pickle.STRING, pickle.BINSTRING, pickle.SHORT_BINSTRING, pickle.UNICODE),
    *(pickle.SHORT_BINUNICODE, pickle.BINUNICODE, pickle.BINUNICODE8, pickle.SHORT_BINBYTES),
    *(pickle.BINBYTES, pickle.BINBYTES8, pickle.BYTEARRAY8),
]

_BY_OPCODE: dict[bytes, Callable[[Unpickler, Any], Any]] = {
    **dict.fromkeys(_PUSHED, Unpickler._push),
    **dict.fromkeys([pickle.EMPTY_LIST, pickle.EMPTY_DICT, pickle.EMPTY_SET], Unpickler._new),
    **dict.fromkeys([pickle.FRAME, pickle.STOP], Unpickler._go_on),
    **dict.fromkeys([pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3], Unpickler._tuple),
    **dict.fromkeys([pickle.PUT, pickle.BINPUT, pickle.LONG_BINPUT], Unpickler._put),
    **dict.fromkeys([pickle.GET, pickle.BINGET, pickle.LONG_BINGET], Unpickler._get),
    pickle.MEMOIZE: Unpickler._put,
    pickle.PROTO: Unpickler._begin,
    pickle.MARK: Unpickler._mark,
    pickle.POP: Unpickler._pop,
    pickle.POP_MARK: Unpickler._pop_marked,
    pickle.DUP: Unpickler._repeat,
    pickle.TUPLE: Unpickler._marked_tuple,
    pickle.LIST: Unpickler._list,
    pickle.APPEND: Unpickler._append,
    pickle.APPENDS: Unpickler._append_marked,
    pickle.DICT: Unpickler._dict,
    pickle.SETITEM: Unpickler._set_item,
    pickle.SETITEMS: Unpickler._set_marked_items,
    pickle.ADDITEMS: Unpickler._add_marked,
    pickle.FROZENSET: Unpickler._frozenset,
    pickle.GLOBAL: Unpickler._name,
    pickle.STACK_GLOBAL: Unpickler._name_on_stack,
    pickle.INST: Unpickler._instance,
    pickle.OBJ: Unpickler._object,
    pickle.REDUCE: Unpickler._reduce,
    pickle.NEWOBJ: Unpickler._blank,
    pickle.BUILD: Unpickler._build,
}

_CARRY_OUT = {opcode[0]: carry_out for opcode, carry_out in _BY_OPCODE.items()}
