"""How data is written for people: bounded, whatever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flask_dj_session.presentation.formatting import as_json, plain


class _Awkward:
    def __repr__(self) -> str:
        raise LookupError("no words for it")


class _Set(set[Any]):
    pass


@pytest.mark.parametrize(
    "value", [_Awkward(), 10**5000, _Set([_Awkward()])], ids=["own", "digits", "set"]
)
def test_what_cannot_be_written_is_named_by_its_class(value: Any) -> None:
    assert plain([value]) == [f"<{type(value).__name__}>"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "value", [[0] * 200_000, dict.fromkeys(map(str, range(200_000))), [[[]] * 9] * 20_000]
)
def test_no_more_than_a_hundred_thousand_values_are_shown(value: Any) -> None:
    shown = plain([value, 5])
    text = as_json([value, 5], indent=None)
    assert 0 <= text.count("0,") + text.count(":") + text.count("[") - 100_000 < 20_000
    assert shown[1] == "…"
    assert json.loads(text) == shown


def test_deep_data_is_shown_down_to_a_level() -> None:
    value: Any = []
    for _ in range(500):
        value = [value]
    assert as_json(value, indent=None) == "[" * 50 + '"\\u2026"' + "]" * 50
