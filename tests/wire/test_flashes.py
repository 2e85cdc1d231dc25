"""Flask's messages: what JSON cannot hold of them comes back, and nothing else is touched."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from flask_dj_session.wire import JSONSerializer
from flask_dj_session.wire.flashes import tagged, untag


class Lazy:
    """Text that is made when it is read, as Django's ``gettext_lazy`` makes it."""

    def __str__(self) -> str:
        return "uloženo"

    def casefold(self) -> str:
        return str(self).casefold()


class LazyHTML(Lazy):
    """The same, as Flask-Babel's ``lazy_gettext`` makes it."""

    def __html__(self) -> str:
        return str(self)


def stored_and_loaded(message: Any) -> Any:
    """Return a flashed *message* after a way through the table."""
    payload = JSONSerializer().dumps(tagged({"_flashes": [("message", message)]}))
    data = json.loads(payload)
    untag(data, Markup)
    ((category, message),) = data["_flashes"]
    assert category == "message"
    return message


@pytest.mark.parametrize(
    ("message", "written"),
    [
        (Markup("<b>x</b>"), {" m": "<b>x</b>"}),
        (LazyHTML(), {" m": "uloženo"}),
        (Lazy(), "uloženo"),
        ("<b>x</b>", "<b>x</b>"),
        ({"title": Markup("<i>"), "n": 1}, {"title": {" m": "<i>"}, "n": 1}),
        (["a", (Markup("b"), 2)], ["a", [{" m": "b"}, 2]]),
        ({" m": "<b>"}, {" di": {" m__": "<b>"}}),
        ({" m": Markup("<b>")}, {" m": {" m": "<b>"}}),
        ({" di": {" m__": "<b>"}}, {" di": {" di__": {" m__": "<b>"}}}),
        ({" m": 5}, {" m": 5}),
        ({" m": "<b>", "n": 1}, {" m": "<b>", "n": 1}),
    ],
)
def test_a_message_is_written_as_json(message: Any, written: Any) -> None:
    data = {"a": 1, "_flashes": [("message", message)], "z": 2}
    text = json.dumps(tagged(data))
    assert text == json.dumps({"a": 1, "_flashes": [["message", written]], "z": 2})


_TEXT = st.sampled_from([" m", " m__", " di", " di__", "<b>", "_flashes", ""])
_MESSAGES = st.recursive(
    _TEXT | _TEXT.map(Markup) | st.none() | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=2),
)


def kinds_in(value: Any) -> Any:
    """Return *value* with the types of all texts in it."""
    if isinstance(value, dict):
        return {key: kinds_in(item) for key, item in value.items()}
    return [kinds_in(item) for item in value] if isinstance(value, list) else (type(value), value)


@given(_MESSAGES)
def test_any_message_comes_back_as_it_was(message: Any) -> None:
    assert kinds_in(stored_and_loaded(message)) == kinds_in(message)


def test_what_a_visitor_sends_is_not_taken_for_safe_html() -> None:
    hostile = json.loads('{" m": "<script>"}')
    assert stored_and_loaded(hostile) == {" m": "<script>"}
    assert type(stored_and_loaded(hostile)[" m"]) is str


UNTOUCHED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no flashes": {"html": {" m": "<b>"}, "_messages": '[["__json_message",1,20,"<b>"]]'},
    "plain flashes": {"_flashes": [("message", "saved"), ["error", {"n": (1, 2)}]]},
    "none left": {"_flashes": []},
    "another shape": {"_flashes": {" m": "<b>"}},
    "not in pairs": {"_flashes": ["message", {" m": "<b>"}]},
    "in threes": {"_flashes": [["message", {" m": "<b>"}, 1]]},
    "a text": {"_flashes": "ab"},
    "a number": {"_flashes": 5},
}


@pytest.mark.parametrize("data", UNTOUCHED.values(), ids=UNTOUCHED)
def test_all_else_is_written_as_django_writes_it(data: dict[str, Any]) -> None:
    assert tagged(data) is data


@pytest.mark.parametrize("data", UNTOUCHED.values(), ids=UNTOUCHED)
def test_all_else_is_read_as_django_reads_it(data: dict[str, Any]) -> None:
    loaded = json.loads(json.dumps(data))
    untag(loaded, Markup)
    assert json.dumps(loaded) == json.dumps(data)


def test_the_data_of_the_view_is_left_as_it_is() -> None:
    message = {"title": Markup("<b>")}
    data = {"_flashes": [("message", message)]}
    tagged(data)
    assert data == {"_flashes": [("message", message)]}
    assert type(message["title"]) is Markup


def test_messages_that_are_too_deep_are_left_to_the_serializer() -> None:
    deep: list[Any] = []
    deep.append(deep)
    pairs = [("message", deep)]
    data = {"_flashes": pairs}
    assert tagged(data) is data
    untag(data, Markup)
    assert data["_flashes"] is pairs
