"""Set-Cookie and Vary in the bytes of Django 5.2."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from django.http import SimpleCookie

from flask_dj_session.wire.cookies import (
    CookieAttributes,
    delete_cookie,
    patch_vary,
    read_cookie,
    read_cookies,
    set_cookie,
)

KEY = "k1oaq42offgtsgr8y9zji2lr04kctho5"
NOW = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("attributes", "max_age", "header"),
    [
        pytest.param(
            CookieAttributes("sessionid"),
            1209600,
            f"sessionid={KEY}; expires=Mon, 07 Dec 2026 12:30:15 GMT; HttpOnly; Max-Age=1209600;"
            " Path=/; SameSite=Lax",
            id="as by default",
        ),
        pytest.param(
            CookieAttributes("sessionid"),
            None,
            f"sessionid={KEY}; HttpOnly; Path=/; SameSite=Lax",
            id="until the browser is closed",
        ),
        pytest.param(
            CookieAttributes("sessionid"),
            0,
            f"sessionid={KEY}; expires=Mon, 23 Nov 2026 12:30:15 GMT; HttpOnly; Max-Age=0;"
            " Path=/; SameSite=Lax",
            id="no seconds",
        ),
        pytest.param(
            CookieAttributes("sessionid"),
            -60,
            f"sessionid={KEY}; expires=Mon, 23 Nov 2026 12:29:15 GMT; HttpOnly; Max-Age=-60;"
            " Path=/; SameSite=Lax",
            id="over already",
        ),
        pytest.param(
            CookieAttributes("s", ".example.org", "/app", secure=True, httponly=False),
            None,
            f"s={KEY}; Domain=.example.org; Path=/app; SameSite=Lax; Secure",
            id="all attributes",
        ),
        pytest.param(
            CookieAttributes("sessionid", path=None, httponly=False, samesite=None),
            None,
            f"sessionid={KEY}",
            id="no attributes",
        ),
        pytest.param(
            CookieAttributes("sessionid", samesite="None", secure=True, partitioned=True),
            None,
            f"sessionid={KEY}; HttpOnly; Path=/; SameSite=None; Secure; Partitioned",
            id="partitioned",
        ),
        pytest.param(
            CookieAttributes("sessionid", partitioned=True),
            None,
            f"sessionid={KEY}; HttpOnly; Path=/; SameSite=Lax; Secure; Partitioned",
            id="partitioned is secure",
        ),
    ],
)
def test_a_session_key_is_handed_out_as_django_does(
    attributes: CookieAttributes, max_age: int | None, header: str
) -> None:
    assert set_cookie(attributes, KEY, now=NOW, max_age=max_age) == header


# What a table holds under its keys need not be what Django draws.
@pytest.mark.parametrize(
    "key", ["a;b;c=d8", 'quo"ted"', "back\\slash", "plain-._~8", "a,b(c)d/e=8"]
)
def test_a_key_of_other_characters_is_quoted_as_django_does(key: str) -> None:
    django = SimpleCookie()
    django["sessionid"] = key
    django["sessionid"].update({"path": "/", "httponly": True, "samesite": "Lax"})
    header = set_cookie(CookieAttributes("sessionid"), key, now=NOW, max_age=None)
    assert header == django["sessionid"].OutputString()
    assert read_cookie(header.partition("; ")[0], "sessionid") == key


def test_cookies_of_the_same_second_have_their_own_keys_and_ends() -> None:
    attributes = CookieAttributes("sessionid")
    one, other, later = (
        set_cookie(attributes, key, now=now, max_age=60)
        for key, now in [(KEY, NOW), (KEY[::-1], NOW), (KEY, NOW + timedelta(seconds=1))]
    )
    assert one.replace(KEY, KEY[::-1]) == other
    assert one.replace("12:31:15", "12:31:16") == later


@pytest.mark.parametrize(
    ("attributes", "header"),
    [
        pytest.param(
            CookieAttributes("sessionid"),
            'sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax',
            id="as by default",
        ),
        pytest.param(
            CookieAttributes("__Secure-s", "example.org", "/x", samesite="None"),
            '__Secure-s=""; Domain=example.org; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0;'
            " Path=/x; SameSite=None; Secure",
            id="all attributes",
        ),
        pytest.param(
            CookieAttributes("sessionid", secure=True),
            'sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax',
            id="secure is not repeated",
        ),
        pytest.param(
            CookieAttributes("__Host-s"),
            '__Host-s=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax;'
            " Secure",
            id="__Host-",
        ),
        pytest.param(
            CookieAttributes("sessionid", samesite="none"),
            'sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=none;'
            " Secure",
            id="SameSite in small letters",
        ),
        pytest.param(
            CookieAttributes("sessionid", partitioned=True),
            'sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax;'
            " Secure; Partitioned",
            id="partitioned",
        ),
    ],
)
def test_a_cookie_is_deleted_as_django_does(attributes: CookieAttributes, header: str) -> None:
    assert delete_cookie(attributes) == header


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "Cookie"),
        ("Accept-Encoding", "Accept-Encoding, Cookie"),
        ("Accept-Encoding,Accept-Language", "Accept-Encoding, Accept-Language, Cookie"),
        ("Cookie", "Cookie"),
        ("cookie , Accept", "cookie, Accept"),
        ("*", "*"),
        ("Accept, *", "*"),
    ],
)
def test_vary_is_patched_as_django_does(before: str, after: str) -> None:
    assert patch_vary(before) == after


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("", []),
        ("a=1; b=2", []),
        ("a=1; s=2; b=3", ["2"]),
        ("s=1; s=2;s=3", ["1", "2", "3"]),
        ('s=; s; =s; s="a\\073b"', ["", "a;b"]),
        ("s=\u00c3\u00a9; ss=1; S=1", ["\u00e9"]),
    ],
)
def test_all_cookies_of_a_name_are_read_in_their_order(header: str, values: list[str]) -> None:
    assert read_cookies(header, "s") == values
    assert read_cookie(header, "s") == (values[-1] if values else None)
