"""Django's JSON, and what is said of a value that it cannot hold."""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID

import pytest
from werkzeug.local import LocalProxy

from flask_dj_session.errors import EncodeError, JSONError
from flask_dj_session.wire.serializers import JSONSerializer

serializer = JSONSerializer()


class Size(IntEnum):
    LARGE = 3


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("data", "json"),
    [
        ({}, b"{}"),
        ({"num_visits": 1}, b'{"num_visits":1}'),
        ({"b": 1, "a": [None, True, 1.5]}, b'{"b":1,"a":[null,true,1.5]}'),
        ({"ключ": "ž 🐎"}, b'{"\\u043a\\u043b\\u044e\\u0447":"\\u017e \\ud83d\\udc0e"}'),
        ({"s": '"\\/\n\x00\x7f'}, b'{"s":"\\"\\\\/\\n\\u0000\\u007f"}'),
        ({"s": "\ud800"}, b'{"s":"\\ud800"}'),
        ({"n": 2**70}, b'{"n":1180591620717411303424}'),
        ({"n": 1e300}, b'{"n":1e+300}'),
    ],
)
def test_json_is_djangos_to_the_byte_and_reads_as_it_was(data: Any, json: bytes) -> None:
    assert serializer.dumps(data) == json
    assert serializer.loads(json) == data


@pytest.mark.parametrize(
    ("data", "json"),
    [
        ({2: 3, None: 4, True: 5, 1.5: 6}, b'{"2":3,"null":4,"true":5,"1.5":6}'),
        ({"t": (1, (2,))}, b'{"t":[1,[2]]}'),
        ({"e": Size.LARGE}, b'{"e":3}'),
        (OrderedDict(z=1, a=2), b'{"z":1,"a":2}'),
    ],
    ids=["keys", "tuples", "enum", "mapping"],
)
def test_what_json_has_no_form_for_is_written_as_django_does(data: Any, json: bytes) -> None:
    assert serializer.dumps(data) == json


def test_numbers_that_are_none_are_written_as_django_does() -> None:
    assert serializer.dumps({"n": [math.nan, math.inf, -math.inf]}) == (
        b'{"n":[NaN,Infinity,-Infinity]}'
    )
    nan, *infinite = serializer.loads(b"[NaN,Infinity,-Infinity]")
    assert math.isnan(nan)
    assert infinite == [math.inf, -math.inf]


def test_bytes_are_read_as_latin_1_as_django_does() -> None:
    assert serializer.loads(b'{"name":"\xe9"}') == {"name": "é"}


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"{}{}",
        b"{'a':1}",
        b'{"a":1,}',
        b"\x80\x04}\x94.",
        b"\xef\xbb\xbf{}",
        b"1" * 5000,
        pytest.param(b"[" * 200_000, id="too deep"),
    ],
)
def test_what_is_no_json_is_refused(payload: bytes) -> None:
    with pytest.raises(JSONError) as caught:
        serializer.loads(payload)
    assert caught.value.reason == "json"


def test_the_path_of_a_value_that_json_cannot_hold_is_named() -> None:
    cart = {"items": [{"price": 1}, {}, {"price": Decimal("9.90")}]}
    with pytest.raises(EncodeError) as caught:
        serializer.dumps({"user": 1, "cart": cart})
    assert caught.value.path == "cart.items[2].price"
    assert str(caught.value) == (
        "cart.items[2].price is a Decimal, which JSON cannot hold; store a string or number instead"
    )


@pytest.mark.parametrize(
    ("data", "path", "kind"),
    [
        ({"at": datetime(2026, 1, 1)}, "at", "is a datetime"),
        ({"a": b"x"}, "a", "is a bytes"),
        ({"a": {1}}, "a", "is a set"),
        ({"a": object()}, "a", "is an object"),
        ({"a": (1, (2, range(3)))}, "a[1][1]", "is a range"),
        ({"my cart": {"it's": b""}}, "['my cart'][\"it's\"]", "is a bytes"),
        ({"a": {5: {None: b""}}}, "a[5][None]", "is a bytes"),
        ({"a": {"1st": b""}}, "a['1st']", "is a bytes"),
        ({"ключ": b""}, "ключ", "is a bytes"),
        ({"a": 10**5000}, "a", "is an int that is too large for JSON"),
        ({"a": {"b": {(1, 2): 3}}}, "a.b", "has a key that is a tuple; make it a string"),
        ({b"a": 3}, "", "has a key that is a bytes; make it a string"),
    ],
)
def test_each_kind_of_value_is_told_by_its_name(data: Any, path: str, kind: str) -> None:
    with pytest.raises(EncodeError) as caught:
        serializer.dumps(data)
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path or 'The session data'} {kind}")


class LazyText:
    """Text that is made when it is read; a proxy that says it is text."""

    __class__ = str  # type: ignore[assignment]

    def casefold(self) -> str:
        return ""


@pytest.mark.parametrize(
    ("value", "kind", "instead"),
    [
        (b"x", "a bytes", "text, such as 'base64.b64encode(...).decode()',"),
        (datetime(2026, 1, 1), "a datetime", "its 'isoformat()'"),
        (date(2026, 1, 1), "a date", "its 'isoformat()'"),
        (timedelta(1), "a timedelta", "its 'total_seconds()'"),
        (UUID(int=0), "a UUID", "str() of it"),
        ({1}, "a set", "a list"),
        (LazyText(), "a LazyText", "str() of it"),
        (LocalProxy(lambda: [1]), "a LocalProxy", "a string or number"),
        (Decimal(1), "a Decimal", "a string or number"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_can_be_stored_instead_is_said(value: Any, kind: str, instead: str) -> None:
    with pytest.raises(EncodeError) as caught:
        serializer.dumps({"a": [value]})
    assert str(caught.value) == f"a[0] is {kind}, which JSON cannot hold; store {instead} instead"


def test_only_the_first_value_is_named() -> None:
    with pytest.raises(EncodeError) as caught:
        serializer.dumps({"first": {"a": b""}, "second": b""})
    assert caught.value.path == "first.a"


def test_data_that_holds_itself_is_named() -> None:
    cart: dict[str, Any] = {"items": []}
    cart["items"].append(cart)
    with pytest.raises(EncodeError) as caught:
        serializer.dumps({"cart": cart})
    assert caught.value.path == "cart.items[0]"
    assert "contains itself" in str(caught.value)


def test_the_same_value_twice_is_not_taken_for_a_circle() -> None:
    item = {"sku": 1}
    with pytest.raises(EncodeError) as caught:
        serializer.dumps({"a": [item, item], "b": [item, b""]})
    assert caught.value.path == "b[1]"


@pytest.mark.slow
def test_data_that_is_nested_too_deeply_is_named() -> None:
    with pytest.raises(EncodeError) as caught:
        serializer.dumps({"deep": nested(100_000)})
    assert caught.value.path == "deep"
    assert "levels" in str(caught.value)


def test_deep_data_that_json_can_hold_is_not_blamed_for_another_value() -> None:
    with pytest.raises(EncodeError) as caught:
        serializer.dumps({"deep": nested(150), "price": Decimal(1)})
    assert caught.value.path == "price"


@pytest.mark.parametrize(("lists", "path"), [(99, "a" + "[0]" * 99), (100, "")])
def test_a_path_is_told_for_a_hundred_levels(lists: int, path: str) -> None:
    value: Any = Decimal(1)
    for _ in range(lists):
        value = [value]
    with pytest.raises(EncodeError) as caught:
        serializer.dumps({"a": value})
    assert caught.value.path == path


def test_a_key_that_is_too_large_a_number_is_an_encode_error() -> None:
    with pytest.raises(EncodeError):
        serializer.dumps({"a": {10**5000: 1}})


def test_an_encode_error_is_a_type_error_and_a_value_error() -> None:
    # So code that guards against Django's own errors goes on doing so.
    assert issubclass(EncodeError, TypeError)
    assert issubclass(EncodeError, ValueError)


def test_no_value_is_in_the_message() -> None:
    with pytest.raises(EncodeError) as caught:
        serializer.dumps({"password": b"hunter2"})
    assert "hunter2" not in str(caught.value)
