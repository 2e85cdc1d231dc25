"""The package's own settings: off by default, given in several ways, and refused with a mend."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from flask_dj_session.errors import SettingError
from flask_dj_session.settings import OWN_DEFAULTS, Settings, prepare

SPANS = ["SESSION_ABSOLUTE_AGE", "SESSION_SUDO_AGE", "SESSION_TOUCH_AFTER"]
#: say how something is done, as Django does it, or where another setting turns it on
HOW = {
    "SESSION_CLIENT_ADDRESS": "network",
    "SESSION_CLIENT_AGENT": "summary",
    "SESSION_CONCURRENCY": "overwrite",
}


def _prepared(given: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    values = {"SECRET_KEY": "x", **config}
    prepare(values, given or {})
    return values


def test_by_default_each_does_nothing() -> None:
    does = {name: default for name, default in OWN_DEFAULTS.items() if name not in HOW}
    assert {bool(default) for default in does.values()} == {False}
    assert {name: OWN_DEFAULTS[name] for name in HOW} == HOW


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


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("SESSION_INDEX", "no", "Give True or False"),
        ("SESSION_RECORD_CLIENT", "False", "Give True or False"),
        ("SESSION_CLIENT_ADDRESS", "most of it", "Give 'full', 'network' or 'none'"),
        ("SESSION_CLIENT_ADDRESS", None, "Give 'full', 'network' or 'none'"),
        ("SESSION_CLIENT_AGENT", ["full"], "Give 'full', 'summary' or 'none'"),
        ("SESSION_MAX_PER_USER", 0, "Give a whole number from 1 up"),
        ("SESSION_MAX_PER_USER", True, "Give a whole number from 1 up"),
        ("SESSION_MAX_PER_USER", 2.5, "Give a whole number from 1 up"),
    ],
)
def test_what_a_setting_of_the_index_cannot_be_is_refused_with_the_mend(
    name: str, value: Any, mend: str
) -> None:
    with pytest.raises(SettingError, match=rf"^'{name}' .+\. {mend}"):
        _prepared(**{name: value})


@pytest.mark.parametrize(
    "config",
    [{"SESSION_INDEX": True}, {"SESSION_RECORD_CLIENT": True}, {"SESSION_MAX_PER_USER": 1}],
    ids=str,
)
def test_each_of_three_settings_lets_logins_be_entered(config: dict[str, Any]) -> None:
    assert not Settings(_prepared()).enters_logins
    assert Settings(_prepared(**config)).enters_logins
