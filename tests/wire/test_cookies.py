"""Set-Cookie and Vary in the bytes of Django 5.2."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from django import VERSION
from django.http import HttpResponse, SimpleCookie, parse_cookie
from django.utils.cache import patch_vary_headers
from hypothesis import given
from hypothesis import strategies as st

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


# Reading


@pytest.mark.parametrize(
    "header",
    [
        f"sessionid={KEY}",
        f"sessionid={KEY}; other=1; sessionid=last",
        f'sessionid="{KEY}"',
        r'sessionid="\141\142c\"\\\;"',
        r'sessionid="\400\1\"',
        'sessionid="half',
        'sessionid="',
        'sessionid=""',
        "sessionid=",
        " sessionid = spaced ",
        "sessionid",
        "sessionid; other=1",
        "=sessionid",
        "sessionid=a=b",
        ";;;",
        "",
    ],
)
def test_a_cookie_is_read_as_django_reads_it(header: str) -> None:
    assert read_cookie(header, "sessionid") == parse_cookie(header).get("sessionid")


@given(st.lists(st.sampled_from(["sessionid", "=", ";", " ", '"', "\\", "0", "3", "7", "8", "a"])))
def test_whatever_is_not_too_long_is_read_as_django_reads_it(pieces: list[str]) -> None:
    header = "".join(["sessionid=", *pieces])[:160]
    assert read_cookie(header, "sessionid") == parse_cookie(header).get("sessionid")


def test_a_key_of_escapes_alone_is_read_as_django_reads_it() -> None:
    longest = "".join(f"\\{ord(char):03o}" for char in (KEY + KEY)[:40])
    assert read_cookie(f'sessionid="{longest}"', "sessionid") == (KEY + KEY)[:40]


def test_what_can_be_no_key_is_not_decoded() -> None:
    value = '"' + "\\141" * 41 + '"'
    assert read_cookie(f"sessionid={value}", "sessionid") == value
    assert read_cookie(f"sessionid={value}", "sessionid", max_length=41) == "a" * 41


LONG = 64 * 1024

COSTLY: dict[str, Callable[[], object]] = {
    "backslashes": lambda: read_cookie('sessionid="' + "\\" * LONG + '"', "sessionid"),
    "backslashes, were they a key": lambda: read_cookie(
        'sessionid="' + "\\" * LONG + '"', "sessionid", max_length=LONG
    ),
    "half an escape": lambda: read_cookie('sessionid="' + "\\1" * LONG + '"', "sessionid"),
    "semicolons": lambda: read_cookie("sessionid=x" + ";" * LONG, "sessionid"),
    "many of the name": lambda: read_cookie('sessionid="\\\\";' * LONG, "sessionid"),
    "a long name": lambda: read_cookie("sessionid" * LONG + "=x", "sessionid"),
    "spaces": lambda: read_cookie(" " * LONG + "sessionid =" + " " * LONG + "x", "sessionid"),
    "not ASCII": lambda: read_cookie("sessionid=" + "\xff" * LONG, "sessionid"),
    "spaces in Vary": lambda: patch_vary("Accept" + " " * LONG + "x"),
    "commas in Vary": lambda: patch_vary(" ,\t" * LONG),
}


@pytest.mark.parametrize("read", COSTLY.values(), ids=COSTLY)
def test_a_header_costs_no_more_than_its_length(read: Callable[[], object]) -> None:
    before = time.thread_time()
    read()
    assert time.thread_time() - before < 2  # seconds; the square of the length takes 10 and more


# Setting, and deleting


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


def same_list(ours: str, theirs: str) -> bool:
    """Compare two lists in a header; since 6.1 Django leaves out what is empty or space in one."""
    if VERSION < (6, 1):
        return ours == theirs
    members = [each.strip() for each in ours.split(",") if each.strip()]
    return ("*" if "*" in members else ", ".join(members)) == theirs


@given(st.text(st.sampled_from(" \t,*aC\xa0"), max_size=12))
def test_any_vary_is_patched_as_django_does(before: str) -> None:
    response = HttpResponse()
    del response.headers["Content-Type"]
    # Not through 'headers', which encodes what is no latin-1.
    response.headers._store["vary"] = ("Vary", before)
    patch_vary_headers(response, ["Cookie"])
    assert same_list(patch_vary(before), response.headers["Vary"] if before else "Cookie")


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
