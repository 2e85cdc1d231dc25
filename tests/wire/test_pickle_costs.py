"""What a pickle may cost: a few bytes never stand for much work, much memory or a crash."""

from __future__ import annotations

import copy
import copyreg
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from flask_dj_session.errors import EncodeError, PickleError
from flask_dj_session.presentation.formatting import as_json
from flask_dj_session.wire import budget
from flask_dj_session.wire.budget import MAX_DEPTH
from flask_dj_session.wire.pickles import PickleSerializer
from flask_dj_session.wire.stand_ins import Message, SafeText

#: all multiples of it have the same hash
PRIME = 2**61 - 1

SET = b"cbuiltins\nfrozenset\n\x94"
SAFE_TEXT = b"cdjango.utils.safestring\nSafeText\n\x94"
MESSAGE = b"cdjango.contrib.messages.storage.base\nMessage\n"
UUID_ = b"cuuid\nUUID\n"
DECIMAL = b"cdecimal\nDecimal\n"
DATETIME = b"cdatetime\ndatetime\n"

#: () in a pair of itself, and so on: 2 ** 24 hashes, as a key
DOUBLED = b")" + b"2\x86" * 24


def loads(payload: bytes) -> Any:
    return PickleSerializer().loads(payload)


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def whole(number: int) -> bytes:
    raw = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def under_a(value: bytes) -> bytes:
    return b"\x80\x04}\x8c\x01a" + value + b"s."


def as_key(value: bytes) -> bytes:
    return b"\x80\x04}" + value + b"Ns."


STEPS = "takes more than 50000 steps to read"
LEVELS = "has more than 200 levels of nesting"


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a twentieth of the steps, for the sake of the time that tests take."""
    monkeypatch.setattr(budget, "MAX_STEPS", 50_000)


@pytest.mark.slow
@pytest.mark.parametrize(
    "payload",
    [under_a(b"(" + b"N0" * 600_000 + b"t"), as_key(DOUBLED)],
    ids=["instructions", "key of doubled tuples"],
)
def test_a_pickle_takes_a_million_steps_at_most(payload: bytes) -> None:
    with pytest.raises(PickleError, match="The pickle takes more than 1000000 steps to read"):
        loads(payload)


@pytest.mark.slow
@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize(
    ("payload", "said"),
    [
        pytest.param(under_a(b"(" + b"N0" * 30_000 + b"t"), STEPS, id="instructions"),
        pytest.param(under_a(b")" + b"\x85" * 5000), LEVELS, id="tuples"),
        pytest.param(as_key(b")" + b"\x85" * 5000), LEVELS, id="tuples as a key"),
        pytest.param(under_a(b"(" * 5000 + b"l" * 5000), LEVELS, id="lists"),
        pytest.param(under_a(b"}N" * 5000 + b"N" + b"s" * 5000), LEVELS, id="dicts"),
        pytest.param(under_a(b"(" * 5000 + b"N" + b"\x91" * 5000), LEVELS, id="frozensets"),
        pytest.param(
            under_a((MESSAGE + b")\x81}\x8c\x07message") * 999 + b"N" + b"sb" * 999),
            LEVELS,
            id="messages",
        ),
        pytest.param(as_key(DOUBLED), STEPS, id="key of doubled tuples"),
        pytest.param(under_a(b"\x8f(" + DOUBLED + b"\x90"), STEPS, id="member of doubled tuples"),
        pytest.param(under_a(b"(" + DOUBLED + b"\x91"), STEPS, id="frozen doubled tuples"),
        pytest.param(
            under_a(SET + b"](" + DOUBLED + b"e\x85R"), STEPS, id="set of doubled tuples"
        ),
        pytest.param(under_a(b"]" + b"2\x86" * 24), STEPS, id="doubled lists"),
        pytest.param(
            under_a(b"}(" + b"".join(whole(PRIME * n) + b"N" for n in range(400)) + b"u"),
            STEPS,
            id="keys of one hash",
        ),
        pytest.param(
            under_a(b"(" + b"\x8f" * 12_000 + b"l"), STEPS, id="sets, which take much room"
        ),
        pytest.param(
            under_a(b"\x8f(" + b"".join(whole(PRIME * n) for n in range(400)) + b"\x90"),
            STEPS,
            id="members of one hash",
        ),
        pytest.param(
            under_a(b"(" + b"".join(whole(PRIME * n) for n in range(400)) + b"\x91"),
            STEPS,
            id="frozen members of one hash",
        ),
        pytest.param(
            under_a(b"}(" + b"".join(whole(n) + b"N" for n in range(12_000)) + b"u"),
            STEPS,
            id="more numbers as keys than places to look for one",
        ),
        pytest.param(
            under_a(text("x" * 9999) + b"\x940(" + b"h\0" * 9999 + b"l"), STEPS, id="one text often"
        ),
        pytest.param(
            under_a(SAFE_TEXT + b"0" + text("x" * 9999) + b"\x940(" + b"h\0h\1\x85R" * 9999 + b"l"),
            STEPS,
            id="one text copied often",
        ),
        pytest.param(
            under_a(b"}" + 2 * (text("x" * 99999) + b"\x94") + b"00" + b"h\0Nsh\1Ns" * 999),
            STEPS,
            id="long keys compared often",
        ),
        pytest.param(
            under_a(b"}\x8b\x9f\x86\1\0" + b"\x7f" * 99999 + b"\x940" + b"h\0Ns" * 999),
            STEPS,
            id="one large number as a key",
        ),
    ],
)  # fmt: skip
def test_a_pickle_that_costs_more_than_its_length_is_refused(payload: bytes, said: str) -> None:
    with pytest.raises(PickleError) as caught:
        loads(payload)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(under_a(b"\x8a\xff"), id="LONG1 that is cut off"),
        pytest.param(under_a(b"\x8b\xff\xff\xff\x7f1"), id="LONG4 that is cut off"),
        pytest.param(under_a(b"\x8b\xff\xff\xff\xff1"), id="LONG4 of a negative size"),
        pytest.param(under_a(b"T\xff\xff\xff\xffa"), id="BINSTRING of a negative size"),
        pytest.param(under_a(b"B\xff\xff\xff\xffa"), id="BINBYTES that is cut off"),
        pytest.param(under_a(b"\x8e" + b"\xff" * 8), id="BINBYTES8 that is cut off"),
        pytest.param(under_a(b"\x8d" + b"\x7f" * 8), id="BINUNICODE8 that is cut off"),
        pytest.param(under_a(b"\x96" + b"\x7f" * 8), id="BYTEARRAY8 that is cut off"),
        pytest.param(b"\x80\x04\x95\xff\0\0\0\0\0\0\0}.", id="FRAME that is cut off"),
        pytest.param(b"\x80\x04\x95\x03\0\0\0\0\0\0\0}.", id="FRAME that is a byte too long"),
        pytest.param(under_a(b"Nr\xff\xff\xff\x7f"), id="LONG_BINPUT"),
        pytest.param(under_a(b"Np1000000\n"), id="PUT"),
        pytest.param(under_a(b"Np" + b"1" * 5000 + b"\n"), id="PUT of many digits"),
        pytest.param(under_a(b"Np-1\n"), id="PUT of a negative number"),
        pytest.param(under_a(b"Nq\2h\1"), id="BINGET of what was left out"),
        pytest.param(under_a(b"j\0\0\0\0"), id="LONG_BINGET of nothing"),
        pytest.param(under_a(b"I" + b"1" * 4301 + b"\n"), id="INT of many digits"),
        pytest.param(under_a(b"L" + b"1" * 4301 + b"L\n"), id="LONG of many digits"),
        pytest.param(under_a(b"I1"), id="line without an end"),
        pytest.param(under_a(b"Na\n"), id="quotes left out"),
        pytest.param(under_a(b"S'\\q'\n"), id="an escape that Python does not know"),
        pytest.param(under_a(b"S'\\400'\n"), id="an octal escape that is no byte"),
        pytest.param(under_a(DECIMAL + text("1" * 4301) + b"\x85R"), id="Decimal of many digits"),
        pytest.param(under_a(DECIMAL + b"\x8a\x01\x05\x85R"), id="Decimal of a number"),
        pytest.param(under_a(DECIMAL + b"(K\0)K\0t\x85R"), id="Decimal of a tuple"),
        pytest.param(under_a(SET + text("abc") + b"\x85R"), id="set of text"),
        pytest.param(under_a(b"cuuid\nSafeUUID\n" + DOUBLED + b"\x85R"), id="SafeUUID of a tuple"),
        pytest.param(under_a(SAFE_TEXT + b"K\5\x85R"), id="safe text of a number"),
        pytest.param(under_a(SAFE_TEXT + b"C\1x\x8c\4idna\x86\x81"), id="safe text in a codec"),
        pytest.param(under_a(UUID_ + b")\x81"), id="UUID without its number"),
        pytest.param(under_a(UUID_ + b")\x81}b"), id="UUID of no state"),
        pytest.param(as_key(UUID_ + b")\x81}\x8c\3int" + DOUBLED + b"sb"), id="UUID of a tuple"),
        pytest.param(
            as_key(UUID_ + b")\x81}(\x8c\3intK\1\x8c\7is_safe" + DOUBLED + b"ub"),
            id="UUID that is as safe as a tuple",
        ),
        pytest.param(under_a(UUID_ + b")\x81}\x8c\3intI-1\nsb"), id="UUID of a negative number"),
        pytest.param(under_a(DATETIME + b"C\n\0\0\1\1\0\0\0\0\0\0\x85R"), id="datetime in year 0"),
        pytest.param(under_a(DATETIME + b"C\n\7\xeb\2\x1e\0\0\0\0\0\0\x85R"), id="February 30"),
        pytest.param(under_a(DATETIME + b"C\n\7\xeb\2\1\xff\0\0\0\0\0\x85R"), id="hour 255"),
        pytest.param(under_a(b"cdatetime\ndate\nC\4\7\xeb\2\x1e\x85R"), id="date of February 30"),
        pytest.param(under_a(b"cdatetime\ntime\nC\6\0\x3c\0\0\0\0\x85R"), id="minute 60"),
        pytest.param(under_a(b"\x80\6N"), id="protocol of the future"),
        pytest.param(under_a(b"N\x85\x86"), id="pair of one"),
        pytest.param(b"\x80\x04N\x86.", id="pair of all that there is"),
        pytest.param(b"\x80\x04}(\x8c\x01au.", id="key without a value"),
        pytest.param(b"\x80\x04]N\x8c\x01as.", id="item of a list that is set"),
        pytest.param(under_a(SET + b")\x81"), id="set that is made blank"),
    ],
)  # fmt: skip
def test_a_damaged_pickle_is_refused_before_anything_is_built_of_it(payload: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(PickleError):
            loads(payload)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1024 * 1024


@pytest.mark.parametrize(
    ("opcode", "argument"), [("EXT1", b"\x07"), ("EXT2", b"\x07\0"), ("EXT4", b"\x07\0\0\0")]
)
def test_what_is_registered_under_a_number_is_refused(opcode: str, argument: bytes) -> None:
    payload = under_a(getattr(pickle, opcode) + argument)
    copyreg.add_extension("decimal", "Decimal", 7)
    try:
        assert pickle.loads(payload) == {"a": Decimal}
        with pytest.raises(PickleError, match=f"The pickle uses {opcode}, which is refused"):
            loads(payload)
    finally:
        copyreg.remove_extension("decimal", "Decimal", 7)
        copyreg.clear_extension_cache()


def test_the_name_in_an_error_is_not_longer_than_a_line() -> None:
    with pytest.raises(PickleError) as caught:
        loads(under_a(text("m" * 9999) + text("n" * 9999) + b"\x93"))
    assert caught.value.global_name == "m" * 100 + "." + "n" * 100
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("collections", ["[]", "()", "{}", "[(}"])
def test_what_is_just_deep_enough_can_be_used_as_any_data(collections: str) -> None:
    value: Any = 1
    for level in range(MAX_DEPTH - 1):
        kind = collections[level % len(collections)]
        value = [value] if kind in "[]" else (value,) if kind in "()" else {"a": value}
    data = loads(pickle.dumps({"a": value}))
    assert data == copy.deepcopy(data)
    assert repr(data) == repr({"a": value})
    assert "…" in as_json(data) or "\\u2026" in as_json(data)
    assert loads(PickleSerializer().dumps(data)) == data
    with pytest.raises(PickleError, match="more than 200 levels of nesting"):
        loads(pickle.dumps({"a": data}))


@pytest.mark.slow
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(list(range(40_000)), id="list of numbers"),
        pytest.param(dict.fromkeys(range(10_000)), id="numbers as keys"),
        pytest.param(set(range(0, 40_000_000, 4000)), id="set of numbers"),
        pytest.param({(n, -n) for n in range(2000)}, id="set of pairs"),
        pytest.param({UUID(int=n << 64) for n in range(2000)}, id="set of UUIDs"),
        pytest.param([f"thing {n}" for n in range(20_000)], id="list of texts"),
        pytest.param({f"key {n}": n for n in range(20_000)}, id="texts as keys"),
        pytest.param([{"id": n, "name": "x", "price": 1.5} for n in range(3000)], id="dicts"),
        pytest.param("x" * 20_000_000, id="long text"),
        pytest.param(b"x" * 20_000_000, id="long bytes"),
        pytest.param(bytearray(20_000_000), id="long bytearray"),
        pytest.param([["shared"] * 3] * 5000, id="the same list often"),
        pytest.param([datetime(2026, 11, 23, 12, n % 60) for n in range(2000)], id="dates"),
        pytest.param([-1, -2, -1.0, 2**61 - 1, 0, 2**61 - 2], id="numbers of one hash"),
    ],
)
def test_a_large_session_of_ordinary_data_is_read(value: Any) -> None:
    assert loads(pickle.dumps({"a": value})) == {"a": value}


def test_a_long_safe_text_is_read() -> None:
    data = {"a": SafeText("x" * 20_000_000)}
    assert loads(PickleSerializer().dumps(data)) == data


def test_a_message_without_a_state_is_an_empty_one() -> None:
    message = loads(under_a(MESSAGE + b")\x81"))["a"]
    assert message == Message()
    assert repr(message) == "Message(0, '', '')"


def test_what_holds_itself_is_read_and_can_be_shown() -> None:
    data: dict[str, Any] = {}
    data["me"] = [data]
    read = loads(pickle.dumps(data))
    assert read["me"][0] is read
    assert repr(read) == "{'me': [{...}]}"


@pytest.mark.usefixtures("few_steps")
def test_what_holds_itself_in_many_ways_is_refused() -> None:
    lists: list[list[Any]] = [[] for _ in range(9)]
    for each in lists:
        each.extend(lists)
    with pytest.raises(PickleError, match=STEPS):
        loads(pickle.dumps({"a": lists}))


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    "value",
    [list(range(30_000)), {n * PRIME for n in range(400)}],
    ids=["too much", "members of one hash"],
)
def test_what_could_not_be_read_again_for_its_cost_is_not_written(
    value: Any, protocol: int
) -> None:
    with pytest.raises(EncodeError) as caught:
        PickleSerializer(protocol).dumps({"a": value})
    assert str(caught.value) == f"The session data {STEPS}"


def test_what_is_nested_too_deeply_to_be_read_again_is_not_written() -> None:
    value: list[Any] = []
    for _ in range(MAX_DEPTH):
        value = [value]
    with pytest.raises(EncodeError, match="The session data has more than 200 levels of nesting"):
        PickleSerializer().dumps({"a": value})


@pytest.mark.parametrize("size", [-1, -5, -6, -(2**31), 2**31 - 1])
def test_a_size_that_is_no_size_is_refused_and_leads_nowhere(size: int) -> None:
    with pytest.raises(PickleError):
        loads(b"T" + struct.pack("<i", size) + b"....")


@pytest.mark.parametrize(
    "pay", [lambda purse: purse.spend(1), lambda purse: purse.spend_on_length(0)]
)
def test_the_last_step_is_had_and_no_further_one(pay: Callable[[budget.Budget], None]) -> None:
    purse = budget.Budget(0)
    purse.spend(budget.MAX_STEPS - 1)
    pay(purse)
    with pytest.raises(budget.CostError):
        pay(purse)


@pytest.mark.parametrize("value", [[], {}, (), set(), [[]], [1, 2]])
def test_going_through_data_takes_a_step_for_each_value_and_each_collection(value: Any) -> None:
    purse = budget.Budget(0)
    before = purse.left
    purse.spend_on_tree(value)
    assert before - purse.left == 1 + len(value)


def test_the_places_that_keys_take_are_paid_for_each_key() -> None:
    def cost_of(number: int) -> int:
        purse = budget.Budget(10**6)
        before, table = purse.left, object()
        for key in range(number):
            purse.spend_on_key(table, key)
        return before - purse.left

    # The place of each may be taken by all before it: the price grows with their square.
    few, many = cost_of(1_000), cost_of(10_000)
    assert many > 20 * few


def test_keys_with_one_hash_are_paid_for_as_often_as_they_are_compared() -> None:
    def cost_of(number: int, size: int) -> int:
        purse = budget.Budget(10**6)
        before, table = purse.left, object()
        for key in range(number):
            # Tuples that are equal but for their last item, with hashes that are the same.
            purse.spend_on_key(table, (*([0] * size), PRIME * key))
        return before - purse.left

    # Each is compared with all before it, item by item.
    assert cost_of(50, 100) > 10 * 50 * 100
    assert cost_of(100, 100) > 3 * cost_of(50, 100)


def test_each_byte_may_be_handled_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_STEPS", 2)
    spent = budget.Budget(100_000)
    for _ in range(2):
        spent.spend_on_length(100_000)
    with pytest.raises(PickleError, match="takes more than 2 steps"):
        spent.spend(1)


def test_a_number_in_the_memo_may_be_as_high_as_there_were_instructions() -> None:
    assert loads(b"}p2\n.") == {}
    with pytest.raises(PickleError):
        loads(b"}p3\n.")


def test_a_long_number_costs_no_more_than_a_text_of_its_length() -> None:
    number = 1 << 10_000_000
    raw = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    assert loads(under_a(b"\x8b" + struct.pack("<i", len(raw)) + raw)) == {"a": number}
