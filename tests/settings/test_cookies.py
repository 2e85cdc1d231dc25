"""Settings that together make a cookie which browsers drop, and what a real browser keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response

from flask_dj_session.errors import SettingError
from flask_dj_session.settings import ORIGIN, Origin, prepare, prepare_auth
from flask_dj_session.settings.versions import django_has_setting
from flask_dj_session.wire import cookies

from ..conftest import NOW, MakeSite
from ..inspector.browser import chromium, served

SECURE = {"SESSION_COOKIE_SECURE": True}
DOMAIN = {"SESSION_COOKIE_DOMAIN": "app.localhost"}


def named(name: str, **others: Any) -> dict[str, Any]:
    return {"SESSION_COOKIE_NAME": name, **others}


#: by what is wrong with them, and the setting that is named
DROPPED: dict[str, tuple[str, dict[str, Any]]] = {
    "__Host- without Secure": ("NAME", named("__Host-a")),
    "__Host- with a domain": ("NAME", named("__Host-b", **SECURE, **DOMAIN)),
    "__Host- below a path": ("NAME", named("__Host-c", **SECURE, SESSION_COOKIE_PATH="/app")),
    "__Host- without a path": ("NAME", named("__Host-d", **SECURE, SESSION_COOKIE_PATH="")),
    "__Secure- without Secure": ("NAME", named("__Secure-e")),
    "in small letters": ("NAME", named("__host-f")),
    "in capitals": ("NAME", named("__SECURE-g")),
    "__Http- for scripts": ("NAME", named("__Http-h", **SECURE, SESSION_COOKIE_HTTPONLY=False)),
    "__Http- without Secure": ("NAME", named("__Http-i")),
    "__Host-Http- for scripts": (
        "NAME",
        named("__Host-Http-j", **SECURE, SESSION_COOKIE_HTTPONLY=False),
    ),
    "SameSite=None without Secure": ("SAMESITE", named("k", SESSION_COOKIE_SAMESITE="None")),
    "SameSite=none without Secure": ("SAMESITE", named("l", SESSION_COOKIE_SAMESITE="none")),
    "Partitioned without Secure": ("PARTITIONED", named("m", SESSION_COOKIE_PARTITIONED=True)),
}

KEPT: dict[str, dict[str, Any]] = {
    "as by default": named("n"),
    "__Host-": named("__Host-o", **SECURE),
    "__Host- with an empty domain": named("__Host-p", **SECURE, SESSION_COOKIE_DOMAIN=""),
    "__Host- in small letters": named("__host-q", **SECURE),
    "__Host- for scripts": named("__Host-r", **SECURE, SESSION_COOKIE_HTTPONLY=False),
    "__Secure-": named("__Secure-s", **SECURE, **DOMAIN, SESSION_COOKIE_PATH="/app"),
    "__Http-": named("__Http-t", **SECURE, **DOMAIN),
    "__Host-Http-": named("__Host-Http-u", **SECURE),
    "a name that only looks like it": named("__Host_v", SESSION_COOKIE_PATH="/app"),
    "SameSite=None": named("w", **SECURE, SESSION_COOKIE_SAMESITE="None"),
    "no SameSite": named("x", SESSION_COOKIE_SAMESITE=False),
    "Partitioned": named("y", **SECURE, SESSION_COOKIE_PARTITIONED=True),
    "a domain": named("z", **DOMAIN),
}


def prepared(config: dict[str, Any]) -> Any:
    return prepare({"SECRET_KEY": "x", **config}, {})


@pytest.mark.parametrize(("setting", "config"), DROPPED.values(), ids=DROPPED)
def test_a_cookie_that_browsers_drop_is_refused_with_the_rule(
    setting: str, config: dict[str, Any]
) -> None:
    name = f"SESSION_COOKIE_{setting}"
    with pytest.raises(SettingError, match=rf"^'{name}' is .+ browsers drop .+\. Set ") as caught:
        prepared(config)
    assert caught.value.name == name


@pytest.mark.parametrize("config", KEPT.values(), ids=KEPT)
def test_a_cookie_that_browsers_keep_is_accepted(config: dict[str, Any]) -> None:
    prepared(config)


def test_all_that_is_amiss_is_said_at_once() -> None:
    with pytest.raises(SettingError) as caught:
        prepared(named("__Host-a", **DOMAIN))
    assert str(caught.value) == (
        "'SESSION_COOKIE_NAME' is '__Host-a', and browsers drop a cookie whose name begins with"
        " '__Host-' unless"
        " 'SESSION_COOKIE_SECURE' is True, 'SESSION_COOKIE_DOMAIN' is None and"
        " 'SESSION_COOKIE_PATH' is '/'. Set 'SESSION_COOKIE_SECURE = True' and"
        " 'SESSION_COOKIE_DOMAIN = None', in Django too, or change 'SESSION_COOKIE_NAME'. Chromium"
        " and Firefox take a secure cookie from http://localhost, too."
    )


def test_it_is_refused_at_init_app(make_site: MakeSite) -> None:
    with pytest.raises(SettingError, match="'SESSION_COOKIE_SAMESITE' is 'None'"):
        make_site(SESSION_COOKIE_SAMESITE="None")


def test_the_cookie_of_forms_is_refused_as_well() -> None:
    with pytest.raises(SettingError, match=r"^'CSRF_COOKIE_NAME' is .+'CSRF_COOKIE_SECURE = True'"):
        prepare_auth({"CSRF_COOKIE_NAME": "__Host-csrftoken"}, {})


def test_a_cookie_of_forms_that_is_never_sent_may_be_anything() -> None:
    prepare_auth({"CSRF_COOKIE_NAME": "__Host-csrftoken", "CSRF_USE_SESSIONS": True}, {})


def attributes_of(config: dict[str, Any]) -> cookies.CookieAttributes:
    """Return what *config* says of the cookie, be it accepted or not."""
    defaults = {"DOMAIN": None, "PATH": "/", "SECURE": False, "HTTPONLY": True, "SAMESITE": "Lax"}
    names = ("NAME", *defaults, "PARTITIONED")
    every = {f"SESSION_COOKIE_{name}": defaults.get(name, False) for name in names}
    return cookies.CookieAttributes(*{**every, **config}.values())


def handed_out(attributes: cookies.CookieAttributes) -> str:
    header = cookies.set_cookie(attributes, "key", now=NOW, max_age=None)
    return header if attributes.secure else header.replace("; Secure", "")


def answering(write: Callable[[cookies.CookieAttributes], str]) -> Callable[[], Response]:
    """Return a view that sends a header of each of the cookies."""
    every = [*KEPT.values(), *(config for _, config in DROPPED.values())]
    headers = [("Set-Cookie", write(attributes_of(config))) for config in every]
    return lambda: Response(headers=headers)


@pytest.mark.process
def test_a_browser_keeps_what_is_accepted_drops_what_is_refused_and_deletes_all() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "login", answering(handed_out))
    app.add_url_rule("/logout", "logout", answering(cookies.delete_cookie))
    with served(app) as address, chromium() as browser:
        page = browser.new_page()
        host = address.replace("127.0.0.1", "app.localhost")
        page.goto(host)
        kept = {cookie["name"] for cookie in page.context.cookies()}
        page.goto(f"{host}/logout")
        left = page.context.cookies()
    assert kept == {config["SESSION_COOKIE_NAME"] for config in KEPT.values()}
    assert left == []


# Partitioned, beside a Django


def from_django(**config: Any) -> Any:
    """Prepare settings as ``django_settings`` returns them."""
    origin = Origin("mysite.settings", "default", frozenset(config))
    return prepared({ORIGIN: origin, **SECURE, **config})


@pytest.mark.parametrize("given", [{"SESSION_COOKIE_PARTITIONED": True}, {}])
def test_partitioned_beside_a_django_that_cannot_send_it_is_warned_of(
    given: dict[str, Any],
) -> None:
    origin = Origin("mysite.settings", "default", frozenset(given))
    config = {"SECRET_KEY": "x", ORIGIN: origin, **SECURE, **given}
    with pytest.warns(UserWarning, match="Django does not send 'Partitioned' by itself"):
        prepare(config, {"session_cookie_partitioned": True})


def test_partitioned_beside_no_known_django_is_not_warned_of() -> None:
    prepared({**SECURE, "SESSION_COOKIE_PARTITIONED": True})  # a warning would be an error


def test_a_django_that_has_the_setting_can_send_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask_dj_session.settings.cookies.django_has_setting", lambda name: True)
    from_django(SESSION_COOKIE_PARTITIONED=True)  # a warning would be an error


def test_whether_django_has_a_setting_is_read_from_its_defaults() -> None:
    names = ("SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE", "SESSION_COOKIE_PARTITIONED")
    assert [django_has_setting(name) for name in names] == [True, False, False]
