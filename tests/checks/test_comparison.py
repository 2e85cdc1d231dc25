"""The app's settings beside Django's."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from flask_dj_session import wire
from flask_dj_session.checks import Finding, setting_findings
from flask_dj_session.settings import DEFAULTS

APP = {**DEFAULTS, "SECRET_KEY": "s3cret", "SQLALCHEMY_DATABASE_URI": "postgresql://h/site"}
PICKLES = "django.contrib.sessions.serializers.PickleSerializer"
DJANGO = {"SECRET_KEY": "s3cret", "USE_TZ": True}


def compare(django: dict[str, Any], **app: Any) -> list[Finding]:
    return setting_findings({**APP, **app}, {**DJANGO, **django})


def levels(findings: list[Finding]) -> list[str]:
    return [finding.level for finding in findings]


def test_settings_that_agree_are_one_finding() -> None:
    assert levels(compare({})) == ["ok"]


@pytest.mark.parametrize(
    ("name", "value", "level"),
    [
        ("SESSION_COOKIE_NAME", "sid", "wrong"),
        ("SESSION_COOKIE_DOMAIN", ".example.com", "wrong"),
        ("SESSION_COOKIE_PATH", "/shop", "wrong"),
        ("SESSION_SERIALIZER", "a.b.PickleSerializer", "wrong"),
        ("USE_TZ", False, "wrong"),
        ("SESSION_COOKIE_AGE", 3600, "note"),
        ("SESSION_COOKIE_SECURE", True, "note"),
        ("SESSION_COOKIE_SAMESITE", "Strict", "note"),
        ("TIME_ZONE", "Europe/Prague", "note"),
        ("DEFAULT_HASHING_ALGORITHM", "sha1", "note"),
    ],
)
def test_a_setting_that_differs_is_told_by_name(name: str, value: Any, level: str) -> None:
    (finding,) = compare({name: value})
    assert finding.level == level
    assert finding.text.startswith(f"{name} is {APP[name]!r} here, {value!r} in the Django")
    assert finding.hint == f"Set {name} = {value!r}."


@pytest.mark.parametrize(
    ("name", "theirs", "ours"),
    [
        ("SESSION_COOKIE_SAMESITE", False, None),
        ("SESSION_COOKIE_SAMESITE", "lax", "Lax"),
        ("SESSION_COOKIE_DOMAIN", "", None),
        ("SESSION_SERIALIZER", DEFAULTS["SESSION_SERIALIZER"], "json"),
        ("SECRET_KEY_FALLBACKS", [], None),
        ("TIME_ZONE", None, ""),
        ("SECRET_KEY", b"s3cret", "s3cret"),
    ],
)
def test_values_that_mean_the_same_agree(name: str, theirs: Any, ours: Any) -> None:
    assert levels(compare({name: theirs}, **{name: ours})) == ["ok"]


class JSONSerializer(wire.JSONSerializer):
    """Called as Django's, and does the same."""


class Base64(wire.JSONSerializer):
    """Does something else."""

    def dumps(self, obj: Any) -> bytes:
        return base64.b64encode(super().dumps(obj))

    def loads(self, data: bytes) -> Any:
        return super().loads(base64.b64decode(data))


class Raising:
    """Cannot be had without arguments."""

    def __init__(self, level: int) -> None: ...

    def dumps(self, obj: Any) -> bytes: ...  # type: ignore[empty-body]

    def loads(self, data: bytes) -> Any: ...


OURS = f"{__name__}.JSONSerializer"


@pytest.mark.parametrize(
    ("theirs", "ours", "level"),
    [
        pytest.param(OURS, "json", "note", id="does the same"),
        pytest.param(OURS, JSONSerializer, "ok", id="by name and itself"),
        pytest.param("shop.JSONSerializer", "json", "wrong", id="called the same"),
        pytest.param("shop.JSONSerializer", "shop.JSONSerializer", "ok", id="not to be had"),
        pytest.param("shop.JSONSerializer", "blog.JSONSerializer", "wrong", id="two of them"),
        pytest.param(f"{__name__}.Base64", "json", "wrong", id="does something else"),
        pytest.param(f"{__name__}.Base64", f"{__name__}.Base64", "ok", id="the same"),
        pytest.param(f"{__name__}.Raising", "json", "wrong", id="raises"),
        pytest.param("pickle", "json", "wrong", id="pickles"),
        pytest.param(PICKLES, "pickle", "ok", id="pickles under two names"),
        pytest.param("django.core.signing.JSONSerializer", "json", "ok", id="JSON under two names"),
    ],
)
def test_serializers_are_compared_by_what_they_are_and_do(
    theirs: Any, ours: Any, level: str
) -> None:
    found = compare({"SESSION_SERIALIZER": theirs}, SESSION_SERIALIZER=ours)
    assert levels(found) == [level]


def test_a_setting_that_django_leaves_alone_has_django_s_default() -> None:
    (finding,) = compare({}, SESSION_COOKIE_NAME="sid")
    assert "'sid' here, 'sessionid' in the Django settings" in finding.text


def test_another_time_zone_is_wrong_where_dates_are_in_it() -> None:
    findings = compare({"USE_TZ": False, "TIME_ZONE": "Europe/Prague"}, USE_TZ=False)
    assert levels(findings) == ["wrong"]


def test_use_tz_left_unset_is_noted_for_its_default_has_changed() -> None:
    (finding,) = setting_findings(APP, {"SECRET_KEY": "s3cret"})
    assert finding.level == "note"
    assert "do not set USE_TZ" in finding.text


def test_keys_that_differ_are_told_without_their_values() -> None:
    theirs = {"SECRET_KEY": "s3cret-new", "SECRET_KEY_FALLBACKS": ["s3cret-old", "s3cret"]}
    findings = compare(theirs, SECRET_KEY_FALLBACKS=["s3cret-mine"])
    assert levels(findings) == ["wrong", "wrong", "note"]
    assert "s3cret" not in str(findings)
    assert findings[1].text.startswith("1 of Django's SECRET_KEY_FALLBACKS is not")


def test_another_database_is_wrong_and_no_password_told() -> None:
    theirs = "postgresql+psycopg://joe:s3cret@h/other?password=s3cret"
    (finding,) = compare({"SQLALCHEMY_DATABASE_URI": theirs})
    assert finding.level == "wrong"
    assert "'postgresql: site'" in finding.text
    assert "'postgresql: other'" in finding.text
    assert "s3cret" not in str(finding)


@pytest.mark.parametrize(
    ("ours", "theirs", "level"),
    [
        ("mysql+pymysql://localhost/a", "mariadb+mysqldb://127.0.0.1:3306/a", "ok"),
        ("postgresql://one/a", "postgresql://two/a", "note"),
        ("sqlite:////srv/db.sqlite3", "sqlite:////srv/db.sqlite3", "ok"),
        ("sqlite:////srv/db.sqlite3", "sqlite:////srv/other.sqlite3", "wrong"),
    ],
)
def test_databases_are_compared_by_what_they_are(ours: str, theirs: str, level: str) -> None:
    found = compare({"SQLALCHEMY_DATABASE_URI": theirs}, SQLALCHEMY_DATABASE_URI=ours)
    assert levels(found) == [level]


def test_domains_are_compared_as_browsers_do() -> None:
    found = compare({"SESSION_COOKIE_DOMAIN": ".example.com"}, SESSION_COOKIE_DOMAIN="Example.com")
    assert levels(found) == ["ok"]


@pytest.mark.parametrize("engine", ["django.contrib.sessions.backends.cached_db", "shop.sessions"])
def test_another_engine_is_noted(engine: str) -> None:
    (finding,) = compare({"SESSION_ENGINE": engine})
    assert finding.level == "note"


@pytest.mark.parametrize(("concurrency", "level"), [("merge", "ok"), ("overwrite", "note")])
def test_the_engine_that_merges_is_known_and_an_app_that_overwrites_is_noted(
    concurrency: str, level: str
) -> None:
    engine = "flask_dj_session.django_engine"
    (finding,) = compare({"SESSION_ENGINE": engine}, SESSION_CONCURRENCY=concurrency)
    assert finding.level == level
    assert "not one of Django's" not in finding.text


def _cached(location: str = "redis://:hush@a/1", **entry: Any) -> dict[str, Any]:
    backend = "django.core.cache.backends.redis.RedisCache"
    return {
        "SESSION_ENGINE": "django.contrib.sessions.backends.cached_db",
        "CACHES": {"default": {"BACKEND": backend, "LOCATION": location, **entry}},
    }


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (_cached("redis://:hush@b/1"), "LOCATION"),
        (_cached(KEY_PREFIX="x", VERSION=2), "KEY_PREFIX, VERSION"),
        (_cached(OPTIONS={"password": "hush"}), "OPTIONS"),
    ],
)
def test_a_cache_that_differs_is_told_without_its_values(theirs: Any, said: str) -> None:
    app = {**DEFAULTS, "SECRET_KEY": "x", **_cached()}
    findings = setting_findings(app, {"SECRET_KEY": "x", "USE_TZ": True, **theirs})
    (found,) = [one for one in findings if one.level == "wrong"]
    assert found.text == f"The cache of the sessions differs from Django's in {said}."
    assert "hush" not in repr(findings)


def test_a_cache_that_is_the_same_is_in_order() -> None:
    app = {**DEFAULTS, "SECRET_KEY": "x", **_cached()}
    findings = setting_findings(app, {"SECRET_KEY": "x", "USE_TZ": True, **_cached()})
    assert [one.level for one in findings] == ["ok"]
