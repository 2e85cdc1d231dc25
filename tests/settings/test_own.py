"""The package's own settings: off by default, given in several ways, and refused with a mend."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from flask_dj_session.errors import SettingError
from flask_dj_session.settings import OWN_DEFAULTS, Settings, prepare

SPANS = ["SESSION_ABSOLUTE_AGE", "SESSION_SUDO_AGE", "SESSION_TOUCH_AFTER"]


def _prepared(given: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    values = {"SECRET_KEY": "x", **config}
    prepare(values, given or {})
    return values


def test_by_default_each_does_nothing() -> None:
    assert {bool(default) for default in OWN_DEFAULTS.values()} == {False}


@pytest.mark.parametrize("name", SPANS)
@pytest.mark.parametrize(
    ("value", "meaning"), [(900, 900), (900.0, 900), (timedelta(minutes=15), 900), (None, None)]
)
def test_a_span_is_seconds_or_a_timedelta(name: str, value: Any, meaning: Any) -> None:
    assert _prepared(**{name: value})[name] == meaning
    assert _prepared({name.lower(): value})[name] == meaning


@pytest.mark.parametrize("name", SPANS)
@pytest.mark.parametrize(
    "value", [0, -1, True, "900", math.nan, math.inf, 10**12, timedelta(0)], ids=repr
)
def test_a_span_that_is_none_is_refused_with_the_mend(name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=rf"^'{name}' .+\. Give seconds") as caught:
        _prepared(**{name: value})
    assert caught.value.name == name


def test_they_are_read_live() -> None:
    config = _prepared()
    settings = Settings(config)
    assert not settings.times_logins
    config["SESSION_SUDO_AGE"] = 60
    assert (settings.sudo_age, settings.times_logins) == (60, True)


def test_touching_is_refused_beside_saving_every_request() -> None:
    with pytest.raises(SettingError, match=r"^'SESSION_TOUCH_AFTER' is set, but SESSION_SAVE_EV"):
        _prepared(SESSION_TOUCH_AFTER=60, SESSION_SAVE_EVERY_REQUEST=True)


@pytest.mark.parametrize(("after", "age"), [(3600, 3600), (7200, 3600), (1_209_600, 1_209_600)])
def test_touching_is_refused_where_sessions_end_before_that(after: int, age: int) -> None:
    with pytest.raises(SettingError, match=r"^'SESSION_TOUCH_AFTER' is \d+, but sessions end"):
        _prepared(SESSION_TOUCH_AFTER=after, SESSION_COOKIE_AGE=age)
