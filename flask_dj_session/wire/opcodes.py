"""The instructions of a pickle, read one after the other and never carried out.

A pickle is a program for a machine with a stack: one byte says what to do, and what it needs for
that stands behind. Reading takes time and memory for what is there, whatever lengths are claimed.
The standard library's ``pickletools`` tells what each one means.
"""

from __future__ import annotations

import codecs
import pickle
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any

#: no text of more digits is read as a number; Python's own limit, which can be switched off
MAX_DIGITS = 4300

# What reads an argument takes all bytes and a place in them, and tells the place behind.
_Reader = Callable[[bytes, int], tuple[Any, int]]

# A backslash that begins no escape of which Python would not warn.
_NO_ESCAPE = re.compile(rb"""\\(?!['"abfnrtv]|x[0-9a-fA-F]{2}|[0-3][0-7]{2}|[0-7]{1,2}(?![0-7]))""")


def instructions(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the instructions of *data* and their arguments, up to STOP.

    :raises ValueError: where an instruction is none, or is cut off.
    """
    at, code, size, readers, stop = 0, -1, len(data), _READERS, _STOP
    while code != stop:
        if at >= size:
            raise ValueError("no end")
        code = data[at]
        argument, at = readers[code](data, at + 1)
        yield code, argument


def _always(argument: Any) -> _Reader:
    """Read nothing: the instruction itself says which value, how many, or of which kind."""
    return lambda data, at: (argument, at)


def _fixed(form: str) -> _Reader:
    number = struct.Struct(form)

    def read(data: bytes, at: int) -> tuple[Any, int]:
        try:
            return number.unpack_from(data, at)[0], at + number.size
        except struct.error as error:
            raise ValueError("cut off") from error

    return read


def _sized(form: str, convert: Callable[[bytes], Any]) -> _Reader:
    read_size = _fixed(form)

    def read(data: bytes, at: int) -> tuple[Any, int]:
        size, at = read_size(data, at)
        if not 0 <= size <= len(data) - at:
            raise ValueError("cut off")
        return convert(data[at : at + size]), at + size

    return read


def _line(convert: Callable[[bytes], Any]) -> _Reader:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        end = data.index(b"\n", at)
        return convert(data[at:end]), end + 1

    return read


def _two_lines(data: bytes, at: int) -> tuple[tuple[str, str], int]:
    middle = data.index(b"\n", at)
    end = data.index(b"\n", middle + 1)
    return (data[at:middle].decode(), data[middle + 1 : end].decode()), end + 1


def _frame(data: bytes, at: int) -> tuple[None, int]:
    """Read how long the next frame is, which matters to those who read from a stream."""
    size, at = _fixed("<Q")(data, at)
    if size > len(data) - at:
        raise ValueError("cut off")
    return None, at


def _number(line: bytes) -> int:
    if len(line) > MAX_DIGITS:
        raise ValueError("too many digits")
    return int(line, 0)


def _number_or_bool(line: bytes) -> int:
    return line == b"01" if line in (b"00", b"01") else _number(line)


def _long(line: bytes) -> int:
    return _number(line.removesuffix(b"L"))


def _index(line: bytes) -> int:
    if len(line) > 10 or (index := int(line)) < 0:
        raise ValueError("no place in the memo")
    return index


def _little_endian(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


def _python_2_text(raw: bytes) -> str:
    """Read Python 2's str: UTF-8 as a rule, other bytes as surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def _quoted(line: bytes) -> str:
    """Read what ``repr()`` of Python 2 wrote."""
    if len(line) < 2 or line[:1] not in (b"'", b'"') or line[:1] != line[-1:]:
        raise ValueError("no text in quotes")
    if _NO_ESCAPE.search(line.replace(rb"\\", b"--")):
        raise ValueError("an escape that Python does not know, of which it would warn")
    raw: bytes = codecs.escape_decode(line[1:-1])[0]  # as pickle does it
    return _python_2_text(raw)


def _escaped(line: bytes) -> str:
    return line.decode("raw-unicode-escape")


_STOP = pickle.STOP[0]
_none = _always(None)

_BY_OPCODE: dict[bytes, _Reader] = {
    **dict.fromkeys([pickle.MARK, pickle.POP, pickle.POP_MARK, pickle.DUP, pickle.STOP], _none),
    **dict.fromkeys([pickle.LIST, pickle.DICT, pickle.TUPLE, pickle.FROZENSET], _none),
    **dict.fromkeys([pickle.APPEND, pickle.APPENDS, pickle.SETITEM, pickle.SETITEMS], _none),
    **dict.fromkeys([pickle.ADDITEMS, pickle.MEMOIZE, pickle.STACK_GLOBAL, pickle.OBJ], _none),
    **dict.fromkeys([pickle.REDUCE, pickle.BUILD, pickle.NEWOBJ, pickle.NEWOBJ_EX], _none),
    **dict.fromkeys([pickle.BINPERSID, pickle.NEXT_BUFFER, pickle.READONLY_BUFFER], _none),
    pickle.NONE: _always(None),
    pickle.NEWTRUE: _always(argument=True),
    pickle.NEWFALSE: _always(argument=False),
    pickle.EMPTY_TUPLE: _always(()),
    pickle.EMPTY_LIST: _always(list),
    pickle.EMPTY_DICT: _always(dict),
    pickle.EMPTY_SET: _always(set),
    pickle.TUPLE1: _always(1),
    pickle.TUPLE2: _always(2),
    pickle.TUPLE3: _always(3),
    pickle.PROTO: _fixed("<B"),
    pickle.FRAME: _frame,
    pickle.INT: _line(_number_or_bool),
    pickle.LONG: _line(_long),
    pickle.FLOAT: _line(float),
    pickle.STRING: _line(_quoted),
    pickle.UNICODE: _line(_escaped),
    pickle.GET: _line(_index),
    pickle.PUT: _line(_index),
    pickle.PERSID: _line(bytes),
    pickle.GLOBAL: _two_lines,
    pickle.INST: _two_lines,
    pickle.BININT: _fixed("<i"),
    pickle.BININT1: _fixed("<B"),
    pickle.BININT2: _fixed("<H"),
    pickle.BINFLOAT: _fixed(">d"),
    pickle.BINGET: _fixed("<B"),
    pickle.BINPUT: _fixed("<B"),
    pickle.LONG_BINGET: _fixed("<I"),
    pickle.LONG_BINPUT: _fixed("<I"),
    pickle.EXT1: _fixed("<B"),
    pickle.EXT2: _fixed("<H"),
    pickle.EXT4: _fixed("<i"),
    pickle.LONG1: _sized("<B", _little_endian),
    pickle.LONG4: _sized("<i", _little_endian),
    pickle.SHORT_BINSTRING: _sized("<B", _python_2_text),
    pickle.BINSTRING: _sized("<i", _python_2_text),
    pickle.SHORT_BINUNICODE: _sized("<B", _text),
    pickle.BINUNICODE: _sized("<I", _text),
    pickle.BINUNICODE8: _sized("<Q", _text),
    pickle.SHORT_BINBYTES: _sized("<B", bytes),
    pickle.BINBYTES: _sized("<I", bytes),
    pickle.BINBYTES8: _sized("<Q", bytes),
    pickle.BYTEARRAY8: _sized("<Q", bytearray),
}


def _unknown(data: bytes, at: int) -> tuple[Any, int]:
    raise ValueError("no instruction")


#: what the documentation calls each instruction
NAMES: dict[int, str] = {
    value[0]: name for name, value in vars(pickle).items() if name.isupper() and value in _BY_OPCODE
}

_READERS: list[_Reader] = [_BY_OPCODE.get(bytes([code]), _unknown) for code in range(256)]
