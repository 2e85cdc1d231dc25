"""Whole pages, as they are read: where a word, a link or a colour is gone, it shows here.

``INSPECTOR_PAGES=write`` writes them anew into ``pages/``, to be looked through.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_dj_session.inspector import search
from flask_dj_session.wire import PickleSerializer, SessionCodec

from ..conftest import NOW, Site
from ..live_django import SECRET_KEY
from .conftest import HOSTILE, Put, address, press, visitor
from .reading import read

PAGES = Path(__file__).parent / "pages"
#: short, since what is compressed is not the same everywhere
DATA = {"_auth_user_id": "7"}
Look = Callable[[Site, Put], TestResponse]


def _own(site: Site, put: Put) -> TestResponse:
    return visitor(site, put("aaaaaa", num_visits=3)).get("/sessions/")


def _own_key(site: Site, put: Put) -> TestResponse:
    return press(visitor(site, put("aaaaaa", num_visits=3)), "/sessions/", "/sessions/")


def _counted(site: Site, put: Put) -> TestResponse:
    client = visitor(site, put("aaaaaa", num_visits=3))
    press(client, "/sessions/", "/sessions/count")
    return client.get("/sessions/")


def _of_a_newcomer(site: Site, put: Put) -> TestResponse:
    return site.client.get("/sessions/")


def _without_a_row(site: Site, put: Put) -> TestResponse:
    return visitor(site, "unknown".ljust(32, "0")).get("/sessions/")


def _without_a_key(site: Site, put: Put) -> TestResponse:
    return visitor(site, "short").get("/sessions/")


def _expired(site: Site, put: Put) -> TestResponse:
    return visitor(site, put("aaaaaa", ends=-1)).get("/sessions/")


def _with_other_settings(site: Site, put: Put) -> TestResponse:
    site.app.config.update(
        SESSION_COOKIE_DOMAIN="shop.example",
        SESSION_COOKIE_HTTPONLY=False,
        SESSION_COOKIE_NAME="sid<b>",
        SESSION_COOKIE_PATH="/shop",
        SESSION_COOKIE_SAMESITE=False,
        SESSION_COOKIE_SECURE=True,
    )
    client = site.app.test_client(use_cookies=False)
    return client.get("/sessions/", headers={"Cookie": f"sid<b>={put('aaaaaa')}"})


def _with_several_cookies(site: Site, put: Put) -> TestResponse:
    values = ["left out", put("aaaaaa"), put("bbbbbb", ends=-1), "short", "c" * 32, put("dddddd")]
    header = "; ".join(f"sessionid={value}" for value in values)
    return site.app.test_client(use_cookies=False).get("/sessions/", headers={"Cookie": header})


def _one(site: Site, put: Put) -> TestResponse:
    put("aaaaaa", **DATA)
    client = site.client
    return client.get(address(client, "aaaaaa"))


def _one_of_yours(site: Site, put: Put) -> TestResponse:
    client = visitor(site, put("aaaaaa", num_visits=3))
    one = address(client, "aaaaaa")
    return press(client, one, one)


def _one_of_nobodys(site: Site, put: Put) -> TestResponse:
    put("aaaaaa", key="nobody's", **DATA)
    client = site.client
    return client.get(f"{address(client, 'aaaaaa')}?unverified=1")


def _one_in_the_old_form(site: Site, put: Put) -> TestResponse:
    put("aaaaaa", text=SessionCodec(SECRET_KEY, algorithm="sha1").encode({"a": 1}, NOW))
    client = site.client
    return client.get(address(client, "aaaaaa"))


def _one_by_a_fallback(site: Site, put: Put) -> TestResponse:
    site.app.config["SECRET_KEY_FALLBACKS"] = ["older"]
    put("aaaaaa", key="older")
    client = site.client
    return client.get(address(client, "aaaaaa"))


def _one_that_is_a_pickle(site: Site, put: Put) -> TestResponse:
    site.app.config["SESSION_SERIALIZER"] = "django.contrib.sessions.serializers.PickleSerializer"
    codec = SessionCodec(SECRET_KEY, serializer=PickleSerializer())
    put("aaaaaa", text=codec.encode({"when": timedelta(7)}, NOW))
    client = site.client
    return client.get(address(client, "aaaaaa"))


def _one_that_is_nobodys_pickle(site: Site, put: Put) -> TestResponse:
    codec = SessionCodec("nobody's", serializer=PickleSerializer())
    put("aaaaaa", text=codec.encode({"when": timedelta(7)}, NOW))
    client = site.client
    return client.get(f"{address(client, 'aaaaaa')}?unverified=1")


def _one_that_is_hostile(site: Site, put: Put) -> TestResponse:
    text = ":".join(part + HOSTILE for part in ("\x1b[2J", "\u202e", "\x07"))
    put("aaaaaa", text=text)
    client = site.client
    return client.get(f"{address(client, 'aaaaaa')}?unverified=1")


def _question(site: Site, put: Put) -> TestResponse:
    client = visitor(site, put("aaaaaa", **DATA))
    return client.get(f"{address(client, 'aaaaaa')}/revoke")


def _question_about_nobody(site: Site, put: Put) -> TestResponse:
    put("aaaaaa")
    client = site.client
    return client.get(f"{address(client, 'aaaaaa')}/revoke")


def _fill(put: Put) -> None:
    put("aaaaaa", **DATA)
    put("bbbbbb", ends=-90000, _auth_user_id=HOSTILE)
    put("cccccc", text="x" * 1200)
    put("dddddd", key="nobody's")
    put("eeeeee", text=SessionCodec(SECRET_KEY, algorithm="sha1").encode({"a": 1}, NOW))


def _all(site: Site, put: Put) -> TestResponse:
    _fill(put)
    return site.client.get("/sessions/all")


def _all_of_a_kind(site: Site, put: Put) -> TestResponse:
    _fill(put)
    return site.client.get("/sessions/all?user=7&state=live&form=signed&notice=revoked")


def _none_of_a_kind(site: Site, put: Put) -> TestResponse:
    _fill(put)
    return site.client.get("/sessions/all?user=9")


def _all_of_none(site: Site, put: Put) -> TestResponse:
    return site.client.get("/sessions/all")


def _second_page(site: Site, put: Put) -> TestResponse:
    for number in range(20):
        put(f"a{number:05}")
    client = site.client
    return client.get(_next(client, "/sessions/all"))


def _search_that_goes_on(site: Site, put: Put) -> TestResponse:
    for number in range(20):
        put(f"a{number:05}")
    return site.client.get("/sessions/all?user=7")


def _next(client: FlaskClient, page: str) -> str:
    return address(client, "Next", page)


def _not_found(site: Site, put: Put) -> TestResponse:
    return site.client.get("/sessions/one/nothing")


def _refused(site: Site, put: Put) -> TestResponse:
    return site.client.post("/sessions/count")


def _not_counted(site: Site, put: Put) -> TestResponse:
    client = visitor(site, put("aaaaaa", num_visits="many"))
    return press(client, "/sessions/", "/sessions/count")


LOOKS: list[Look] = [
    _own,
    _own_key,
    _counted,
    _of_a_newcomer,
    _without_a_row,
    _without_a_key,
    _expired,
    _with_other_settings,
    _with_several_cookies,
    _one,
    _one_of_yours,
    _one_of_nobodys,
    _one_in_the_old_form,
    _one_by_a_fallback,
    _one_that_is_a_pickle,
    _one_that_is_nobodys_pickle,
    _one_that_is_hostile,
    _question,
    _question_about_nobody,
    _all,
    _all_of_a_kind,
    _none_of_a_kind,
    _all_of_none,
    _second_page,
    _search_that_goes_on,
    _not_found,
    _refused,
    _not_counted,
]


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__.strip("_"))
def test_a_page_is_read_as_it_was(
    site: Site, put: Put, monkeypatch: pytest.MonkeyPatch, look: Look
) -> None:
    monkeypatch.setattr(search, "PAGE_SIZE", 6)
    monkeypatch.setattr(search, "ROWS_READ", 10)
    monkeypatch.setattr(search, "ROWS_OF_QUERY", 10)
    found = read(look(site, put).text)
    golden = PAGES / f"{look.__name__.strip('_')}.txt"
    if os.environ.get("INSPECTOR_PAGES") == "write":
        golden.write_text(found, encoding="utf-8")
        pytest.fail("It is written, and not compared.")
    assert found == golden.read_text(encoding="utf-8")
    assert "}.e" not in found


def test_each_of_the_pages_is_looked_at() -> None:
    names = {look.__name__.strip("_") for look in LOOKS}
    assert names == {path.stem for path in PAGES.iterdir()}
