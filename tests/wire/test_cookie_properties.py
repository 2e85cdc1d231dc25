"""Cookies and Vary beside Django's SessionMiddleware, whatever they hold."""

from __future__ import annotations

import io
import string
from datetime import datetime, timezone
from typing import Any

import time_machine
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test import override_settings
from hypothesis import example, given
from hypothesis import strategies as st

from flask_dj_session.wire.cookies import (
    CookieAttributes,
    delete_cookie,
    patch_vary,
    read_cookie,
    set_cookie,
)

from .. import live_django  # noqa: F401 - begins a Django
from .test_cookies import same_list

VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
TOKEN = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"

attributes_of_cookies = st.builds(
    CookieAttributes,
    name=st.sampled_from(["sessionid", "__Host-s", "__Secure-s"]) | st.text(TOKEN, min_size=1),
    domain=st.sampled_from([None, "", "example.org", ".example.org"]),
    path=st.sampled_from([None, "", "/", "/shop", "/a b;c"]),
    secure=st.booleans(),
    httponly=st.booleans(),
    samesite=st.sampled_from([None, "Lax", "Strict", "None"]),
    partitioned=st.just(False),  # Django 5.2 does not know it
)
keys = st.text(VISIBLE, min_size=8, max_size=40)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(timezone.utc))
ages = st.integers(-(10**8), 10**9) | st.floats(-(10**8), 10**9)


class _Session:
    """What Django's middleware asks of a session that is to be saved, or deleted."""

    accessed = modified = True

    def __init__(self, session_key: str | None, max_age: float | None) -> None:
        self.session_key = session_key
        self.max_age = max_age

    def is_empty(self) -> bool:
        return self.session_key is None

    def get_expire_at_browser_close(self) -> bool:
        return self.max_age is None

    def get_expiry_age(self) -> float | None:
        return self.max_age

    def save(self) -> None:
        """Save nothing."""


def of_middleware(attributes: CookieAttributes, session: _Session, now: datetime) -> str:
    """Return the Set-Cookie header that Django's middleware writes."""
    request: Any = WSGIRequest({"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()})
    request.COOKIES = {attributes.name: "was there"}
    request.session = session
    names = ["name", "domain", "path", "secure", "httponly", "samesite"]
    values = {f"SESSION_COOKIE_{name.upper()}": getattr(attributes, name) for name in names}
    with override_settings(**values), time_machine.travel(now, tick=False):
        answer = SessionMiddleware(lambda _: None).process_response(request, HttpResponse())
    header: str = answer.cookies[attributes.name].OutputString()
    return header


@given(attributes=attributes_of_cookies, key=keys, now=moments, max_age=st.none() | ages)
def test_any_session_is_handed_out_as_django_does(
    attributes: CookieAttributes, key: str, now: datetime, max_age: float | None
) -> None:
    theirs = of_middleware(attributes, _Session(key, max_age), now)
    assert set_cookie(attributes, key, now=now, max_age=max_age) == theirs


@given(attributes=attributes_of_cookies)
def test_any_cookie_is_deleted_as_django_does(attributes: CookieAttributes) -> None:
    now = datetime(2026, 11, 23, tzinfo=timezone.utc)
    assert delete_cookie(attributes) == of_middleware(attributes, _Session(None, None), now)


@given(attributes=attributes_of_cookies, key=keys, now=moments)
def test_what_is_handed_out_comes_back(
    attributes: CookieAttributes, key: str, now: datetime
) -> None:
    header = set_cookie(attributes, key, now=now, max_age=60)
    sent = header[: header.index("; expires=")]
    assert read_cookie(f"a=1; {sent}; b=2", attributes.name) == key


# What a browser sends, or somebody else


def in_quotes(text: str) -> str:
    """Quote as the standard library does, and as some clients do it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def in_octal(text: str) -> str:
    """Quote each character by its number."""
    return '"' + "".join(f"\\{ord(char):03o}" for char in text) + '"'


escapes = st.sampled_from(
    ['\\"', "\\\\", "\\054", "\\303\\251", "\\8", "\\", '"', "\\0", "é", "\xff"]
)
key_texts = st.one_of(
    keys,
    keys.map(in_quotes),
    st.text(VISIBLE, min_size=8, max_size=12).map(in_octal),
    st.lists(escapes | st.sampled_from("abcdefgh12345678"), min_size=8, max_size=40).map(
        lambda parts: '"' + "".join(parts) + '"'
    ),
)
other_values = st.sampled_from(["", "abc", '""', '"', "x" * 41, " a b", "\0" * 8, "é" * 9])
space = st.sampled_from(["", "", "", " ", "  ", "\t", "\xa0"])
named_pairs = st.tuples(
    space, st.just("sessionid"), space, st.just("="), space, key_texts | other_values, space
).map("".join)
other_pairs = st.sampled_from(
    ["csrftoken=1", "sessionid", "Sessionid=abcd1234", "sessionid2=abcd1234", "a", "=x", "", " "]
)
headers = st.tuples(
    st.lists(other_pairs, max_size=2), named_pairs, st.lists(other_pairs | named_pairs, max_size=2)
).map(lambda parts: ";".join([*parts[0], parts[1], *parts[2]]))


def of_django(header: str) -> str | None:
    environ = {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), "HTTP_COOKIE": header}
    found: str | None = WSGIRequest(environ).COOKIES.get("sessionid")
    return found


@given(header=headers)
@example('sessionid="abcd\\0601234"; sessionid')
@example("sessionid=abcd1234; sessionid=")
def test_the_key_in_any_header_is_the_one_that_django_finds(header: str) -> None:
    assert read_cookie(header, "sessionid") == of_django(header)


@given(header=st.text(st.characters(max_codepoint=255)) | st.text('sessionid=;"\\ 01'))
def test_so_it_is_in_any_bytes(header: str) -> None:
    assert read_cookie(header, "sessionid") == of_django(header)


# Vary

fields = st.sampled_from(["Accept", "accept-encoding", "Cookie", "cookie", "COOKIE", "*", "a b"])
commas = st.sampled_from([", ", ",", " , ", ",,"])
any_vary = st.lists(fields | commas, min_size=1, max_size=6).map("".join).filter(bool)


@given(vary=any_vary)
@example("*")
@example("Accept, *")
@example(",")
def test_any_vary_is_patched_as_django_does(vary: str) -> None:
    response = HttpResponse(headers={"Vary": vary})
    request: Any = WSGIRequest({"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()})
    request.session = _Session("abcd1234", None)
    answer = SessionMiddleware(lambda _: None).process_response(request, response)
    assert same_list(patch_vary(vary), answer.headers["Vary"])
