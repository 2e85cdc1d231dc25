"""Django's settings: defaults, what beats what, and what is refused."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from django.conf import global_settings
from django.utils.functional import lazy, lazystr
from flask import Flask

from flask_dj_session.errors import SettingError
from flask_dj_session.settings import DEFAULTS, prepare
from flask_dj_session.wire import JSONSerializer, PickleSerializer, SessionCodec

from .conftest import NOW, MakeSite

#: defaults that are not in Django 5.2's own list: Flask's name, and one that Django 4.0 removed
_NOT_DJANGOS = {"SESSION_COOKIE_PARTITIONED", "DEFAULT_HASHING_ALGORITHM", "SECRET_KEY"}


def _prepared(given: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    values = {"SECRET_KEY": "x", **config}
    prepare(values, given or {})
    return values


@pytest.mark.parametrize("name", sorted(set(DEFAULTS) - _NOT_DJANGOS))
def test_a_default_is_djangos(name: str) -> None:
    expected = getattr(global_settings, name)
    assert DEFAULTS[name] == (tuple(expected) if isinstance(expected, list) else expected)


def test_djangos_defaults_take_the_place_of_flasks() -> None:
    app = Flask("tests")
    app.config["SECRET_KEY"] = "x"
    prepare(app.config, {})
    assert {name: app.config[name] for name in DEFAULTS} == {**DEFAULTS, "SECRET_KEY": "x"}


def test_what_the_app_configured_is_kept() -> None:
    config = _prepared(SESSION_COOKIE_NAME="mine", SESSION_COOKIE_SAMESITE="Strict", USE_TZ=False)
    assert config["SESSION_COOKIE_NAME"] == "mine"
    assert config["SESSION_COOKIE_SAMESITE"] == "Strict"
    assert config["USE_TZ"] is False


@pytest.mark.parametrize("name", ["session_cookie_name", "SESSION_COOKIE_NAME"])
def test_a_keyword_beats_the_config_even_with_flasks_default(name: str) -> None:
    assert _prepared({name: "session"}, SESSION_COOKIE_NAME="mine")["SESSION_COOKIE_NAME"] == (
        "session"
    )


def test_a_keyword_that_is_no_setting_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="'sesion_cookie_age' is not a setting"):
        _prepared({"sesion_cookie_age": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", 4.2),
        ("SECRET_KEY", True),
        ("SECRET_KEY_FALLBACKS", "old"),
        ("SECRET_KEY_FALLBACKS", {"old"}),
        ("SESSION_COOKIE_NAME", "a b"),
        ("SESSION_COOKIE_NAME", ""),
        ("SESSION_COOKIE_NAME", "Expires"),
        ("SESSION_COOKIE_AGE", "3600"),
        ("SESSION_COOKIE_AGE", True),
        ("SESSION_COOKIE_AGE", -1),
        ("SESSION_COOKIE_AGE", timedelta(days=1)),
        ("SESSION_COOKIE_AGE", math.nan),
        ("SESSION_COOKIE_AGE", 10**12),
        ("SESSION_COOKIE_DOMAIN", "a; HttpOnly"),
        ("SESSION_COOKIE_DOMAIN", 5),
        ("SESSION_COOKIE_DOMAIN", "a b"),
        ("SESSION_COOKIE_PATH", "/ž"),
        ("SESSION_COOKIE_PATH", "/\r\nX: y"),
        ("SESSION_COOKIE_SECURE", "False"),
        ("SESSION_COOKIE_HTTPONLY", "no"),
        ("SESSION_COOKIE_SAMESITE", "Sometimes"),
        ("SESSION_COOKIE_SAMESITE", True),
        ("SESSION_COOKIE_PARTITIONED", " OFF "),
        ("SESSION_EXPIRE_AT_BROWSER_CLOSE", "0"),
        ("SESSION_SAVE_EVERY_REQUEST", "none"),
        ("SESSION_SERIALIZER", "json.nothing"),
        ("SESSION_SERIALIZER", "nowhere.Serializer"),
        ("SESSION_SERIALIZER", "toml"),
        ("SESSION_SERIALIZER", "collections.OrderedDict"),
        ("SESSION_SERIALIZER", 5),
        ("SESSION_ENGINE", "django.contrib.sessions.backends.cache"),
        ("SESSION_ENGINE", "django.contrib.sessions.backends.file"),
        ("SESSION_ENGINE", "django.contrib.sessions.backends.signed_cookies"),
        ("SESSION_ENGINE", None),
        ("USE_TZ", "false"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", 5),
        ("TIME_ZONE", "../etc/passwd"),
        ("DEFAULT_HASHING_ALGORITHM", "md5"),
    ],
)
def test_what_is_wrong_is_refused_by_name_with_the_mend(name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=rf"^'{name}' .+\. [A-Z].+\.$") as caught:
        _prepared(**{name: value})
    assert caught.value.name == name


@pytest.mark.parametrize("name", ["SESSION_COOKIE_PATH", "SESSION_COOKIE_DOMAIN"])
@pytest.mark.parametrize("code", [*range(0x20), 0x7F], ids=hex)
@pytest.mark.parametrize("given", ["{}/a", "/a{}b", "/a{}"])
def test_no_control_character_comes_into_the_cookie(name: str, code: int, given: str) -> None:
    value: Any = given.format(chr(code))
    with pytest.raises(SettingError, match=f"^'{name}' ") as caught:
        _prepared(**{name: value})
    assert chr(code) not in str(caught.value)


@pytest.mark.parametrize("value", [{"very secret"}, "very secret"])
def test_no_message_holds_a_key(value: Any) -> None:
    with pytest.raises(SettingError) as caught:
        _prepared(SECRET_KEY_FALLBACKS=value)
    assert "very secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "meaning"),
    [
        ("SECRET_KEY", 12345678, "12345678"),  # as FLASK_SECRET_KEY=12345678 gives it
        ("SECRET_KEY", lazystr("lazy"), "lazy"),
        ("SECRET_KEY_FALLBACKS", ["old", None, "", 5, b"x"], ("old", "5", b"x")),
        ("SECRET_KEY_FALLBACKS", ["", b"", None, 0, lazystr("")], ()),
        ("SESSION_COOKIE_AGE", 1209600.0, 1209600),
        ("SESSION_COOKIE_AGE", 0.5, 0.5),
        ("SESSION_COOKIE_DOMAIN", lazystr("a.example"), "a.example"),
        ("SESSION_COOKIE_SECURE", 1, True),
        ("SESSION_COOKIE_SECURE", "True", True),  # as FLASK_SESSION_COOKIE_SECURE=True gives it
        ("SESSION_COOKIE_HTTPONLY", None, False),
        ("SESSION_EXPIRE_AT_BROWSER_CLOSE", 0, False),
        ("SESSION_SAVE_EVERY_REQUEST", "", False),
        ("USE_TZ", 1, True),
        ("SESSION_COOKIE_SAMESITE", "", False),
        ("SESSION_COOKIE_SAMESITE", 0, False),
    ],
)
def test_what_is_given_by_hand_means_what_it_does_in_django(
    name: str, value: Any, meaning: Any
) -> None:
    found = _prepared(**{name: value})[name]
    assert (type(found), found) == (type(meaning), meaning)


def test_no_attribute_can_be_asked_for_by_djangos_none() -> None:
    assert _prepared({"session_cookie_samesite": None})["SESSION_COOKIE_SAMESITE"] is False


def test_a_lazy_text_that_cannot_be_evaluated_is_refused_by_name() -> None:
    def fail() -> str:
        raise LookupError("a secret")

    message = r"^'SESSION_COOKIE_PATH' is lazy, .* LookupError"
    with pytest.raises(SettingError, match=message) as told:
        _prepared(SESSION_COOKIE_PATH=lazy(fail, str)())
    assert "secret" not in str(told.value)


def test_cached_db_is_accepted_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="cache entry expires"):
        _prepared(SESSION_ENGINE="django.contrib.sessions.backends.cached_db")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("django.contrib.sessions.serializers.JSONSerializer", JSONSerializer),
        ("django.core.signing.JSONSerializer", JSONSerializer),
        ("django.contrib.sessions.serializers.PickleSerializer", PickleSerializer),
        ("json", JSONSerializer),
        ("pickle", PickleSerializer),
        (PickleSerializer, PickleSerializer),
        ("flask_dj_session.wire.JSONSerializer", JSONSerializer),
    ],
)
def test_djangos_serializers_map_to_ours(value: Any, expected: type) -> None:
    settings = prepare({"SECRET_KEY": "x", "SESSION_SERIALIZER": value}, {})
    assert type(settings.make_serializer()) is expected


def test_the_old_form_is_pickled_for_python_2() -> None:
    config = {"SECRET_KEY": "x", "SESSION_SERIALIZER": "pickle"}
    assert prepare(dict(config), {}).make_serializer().dumps({}).startswith(b"\x80\x04")
    old = prepare({**config, "DEFAULT_HASHING_ALGORITHM": "sha1"}, {})
    assert old.make_serializer().dumps({}).startswith(b"\x80\x02")


def test_settings_are_read_live(make_site: MakeSite) -> None:
    site = make_site()
    site.app.config["SESSION_COOKIE_AGE"] = 77
    site.app.config["SECRET_KEY"] = "another"
    with site.app.app_context():
        session = site.sessions.session()
        assert session.get_expiry_age() == 77
        text = session.encode({"a": 1})
        assert SessionCodec("another").decode(text) == {"a": 1}
        site.app.config["SECRET_KEY"] = "yet another"
        assert site.sessions.session().decode(text) == {}
        site.app.config["SECRET_KEY_FALLBACKS"] = ["another"]
        assert site.sessions.session().decode(text) == {"a": 1}


NOBODYS: list[Any] = ["", b"", None, 0, lazystr("")]


@pytest.mark.parametrize("live", [False, True], ids=["at the beginning", "later"])
@pytest.mark.parametrize("empty", NOBODYS, ids=repr)
def test_a_fallback_key_that_is_empty_signs_nothing(
    make_site: MakeSite, empty: Any, live: bool
) -> None:
    keys = {"SECRET_KEY_FALLBACKS": [empty]}
    site = make_site(**({} if live else keys))
    if live:
        site.app.config.update(keys)
    with site.app.app_context():
        for known in ("", "None", "0"):
            forged = SessionCodec(known).encode({"_auth_user_id": "1"}, NOW)
            assert site.sessions.session().decode(forged) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECRET_KEY", value) for value in ["", b"", None, 0, True]]
    + [("SECRET_KEY_FALLBACKS", value) for value in ["old", {"old"}]],
)
def test_a_key_that_cannot_be_used_is_refused_later_as_well(
    make_site: MakeSite, name: str, value: Any
) -> None:
    site = make_site()
    text = SessionCodec("o").encode({"_auth_user_id": "1"}, NOW)
    with site.app.app_context():
        site.sessions.session().encode({})
        site.app.config[name] = value
        with pytest.raises(SettingError, match=f"^'{name}' is "):
            site.sessions.session().encode({})
        with pytest.raises(SettingError, match=f"^'{name}' is "):
            site.sessions.session().decode(text)
