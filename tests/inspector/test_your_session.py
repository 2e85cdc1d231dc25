"""*Your session*."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from flask_dj_session.wire import SessionCodec

from ..conftest import NOW, Site
from ..live_django import SECRET_KEY
from .conftest import HOSTILE, Put, links, press, stored, visitor


def _text(html: str) -> str:
    """Return what is read on a page, without its markup."""
    body = html.partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("&#34;", '"').split())


def test_a_newcomer_has_neither_cookie_nor_row(client: FlaskClient) -> None:
    page = _text(client.get("/sessions/").text)
    assert "There is no cookie sessionid yet." in page
    assert "Without a key, there is no row." in page


def test_a_cookie_without_a_row_is_told_of(site: Site) -> None:
    page = visitor(site, "a" * 32).get("/sessions/").text
    assert "No row has this key." in page


def test_cookie_row_and_text_are_shown(site: Site, put: Put) -> None:
    page = _text(visitor(site, put("aaaaaa", num_visits=3)).get("/sessions/").text)
    assert "sessionid= aaaaaa…" in page
    assert "eyJudW1fdmlzaXRzIjozfQ : 1xV" in page
    assert "→" not in page  # the arrows are the style sheet's
    assert "base64 16 bytes" in page
    assert '{ "num_visits": 3 }' in page
    assert "2026-11-23T12:30:15+00:00" in page
    assert "right HMAC-SHA256, made with SECRET_KEY" in page
    assert "ends in 00:01:00" in page


def test_data_that_is_compressed_is_unpacked_step_by_step(site: Site, put: Put) -> None:
    page = _text(visitor(site, put("aaaaaa", name="a" * 300)).get("/sessions/").text)
    assert "beginning with 78 9c" in page
    assert "zlib unpacks to 311 bytes" in page


def test_the_old_form_is_taken_apart_too(site: Site, put: Put) -> None:
    text = SessionCodec(SECRET_KEY, algorithm="sha1").encode({"num_visits": 3}, NOW)
    page = _text(visitor(site, put("aaaaaa", text=text)).get("/sessions/").text)
    assert "right HMAC-SHA1, made with SECRET_KEY" in page
    assert '{ "num_visits": 3 }' in page


def test_a_fallback_key_is_named(site: Site, put: Put) -> None:
    site.app.config["SECRET_KEY_FALLBACKS"] = ["older", "oldest"]
    page = visitor(site, put("aaaaaa", key="oldest")).get("/sessions/").text
    assert "SECRET_KEY_FALLBACKS[1]" in page
    assert "oldest" not in page


def test_what_nobody_signed_is_shown_on_demand_alone(site: Site, put: Put) -> None:
    client = visitor(site, put("aaaaaa", key="nobody's", num_visits=3))
    html = client.get("/sessions/").text
    assert "<pre" not in html
    page = _text(html)
    assert "It cannot be read. None of the keys made this signature." in page
    assert "num_visits" not in page.partition("Try it")[0]
    assert '{ "num_visits": 3 }' in _text(client.get("/sessions/?unverified=1").text)


def test_an_expired_session_is_none(site: Site, put: Put, clock: time_machine.Traveller) -> None:
    client = visitor(site, put("aaaaaa", ends=60))
    clock.shift(61)
    assert "It has expired, so you have no session any more." in client.get("/sessions/").text


def test_the_last_second_is_counted_down_to_nothing(
    site: Site, put: Put, clock: time_machine.Traveller
) -> None:
    client = visitor(site, put("aaaaaa", ends=1))
    clock.shift(0.6)
    assert "ends in 00:00:00" in _text(client.get("/sessions/").text)


def test_the_key_is_shown_on_demand_alone(site: Site, put: Put) -> None:
    key = put("aaaaaa", num_visits=3)
    client = visitor(site, key)
    assert key not in client.get("/sessions/").text
    answer = press(client, "/sessions/", "/sessions/")
    assert key in answer.text
    assert site.rows()[0].session_data.rpartition(":")[2] in answer.text


@pytest.mark.parametrize("before", [None, {}, {"num_visits": 7}])
def test_the_button_counts_a_visit(site: Site, put: Put, before: dict[str, int] | None) -> None:
    client = site.client if before is None else visitor(site, put("aaaaaa", **before))
    answer = press(client, "/sessions/", "/sessions/count")
    assert (answer.status_code, answer.location) == (303, "/sessions/#changes")
    expected = (before or {}).get("num_visits", 0) + 1
    assert stored(site) == [{"num_visits": expected}]


def _changes(client: FlaskClient) -> dict[str, str]:
    rows = re.findall(
        r'<span class="part \w+">(\w+)</span></th>\s*<td><span[^>]*>(\w+)<',
        client.get("/sessions/").text,
    )
    return dict(rows)


def test_the_page_after_it_tells_what_changed(
    site: Site, put: Put, clock: time_machine.Traveller
) -> None:
    client = visitor(site, put("aaaaaa", num_visits=1))
    clock.shift(1)
    press(client, "/sessions/", "/sessions/count")
    assert _changes(client) == {
        "session_key": "stayed",
        "payload": "changed",
        "time": "changed",
        "signature": "changed",
        "expire_date": "changed",
    }
    assert _changes(client) == {}  # once is enough


def _before(client: FlaskClient) -> str:
    """Return what the browser is told to keep, as far as anybody reads it."""
    cookie = client.get_cookie("inspector_before", path="/sessions/")
    assert cookie is not None
    return json.dumps(URLSafeTimedSerializer("").loads_unsafe(cookie.value)[1])


def test_what_changed_is_told_by_beginnings_alone(
    site: Site, put: Put, clock: time_machine.Traveller
) -> None:
    key = put("aaaaaa", num_visits=1)
    client = visitor(site, key)
    old = site.rows()[0].session_data.split(":")
    clock.shift(1)
    press(client, "/sessions/", "/sessions/count")
    kept = _before(client)
    page = client.get("/sessions/").text
    new = site.rows()[0].session_data.split(":")
    for shown in (kept, page):
        assert key[:6] in shown
        assert key[:8] not in shown
        for payload, _, signature in (old, new)[: 1 if shown is kept else 2]:
            assert payload[:24] in shown
            assert signature[:6] in shown
            assert signature[:8] not in shown
    changes = page.partition('aria-label="The row before')[2]
    for payload, time, signature in (old, new):
        assert f"<code>{time}</code>" in changes
        assert f"<code>{signature[:6]}…</code>" in changes
        assert f"<code>{payload}</code>" in changes  # 22 characters
    assert f"<code>{key[:6]}…</code>" in changes
    assert (
        "<code>2026-11-23T12:31:15+00:00</code> → <code>2026-12-07T12:30:16+00:00</code>" in changes
    )


def test_a_long_payload_is_cut_in_what_changed(site: Site, put: Put) -> None:
    client = visitor(site, put("aaaaaa", name="".join(f"{n:03}" for n in range(99))))
    payload = site.rows()[0].session_data.partition(":")[0]
    press(client, "/sessions/", "/sessions/count")
    page = client.get("/sessions/").text.partition('aria-label="The row before')[2]
    assert f"<code>{payload[:24]}…</code> → <code>" in page
    assert payload[:25] not in page


def test_what_was_before_is_told_for_a_minute(
    site: Site, put: Put, clock: time_machine.Traveller
) -> None:
    for seconds, told in ((60, True), (61, False)):
        client = visitor(site, put(f"aaaaa{told:d}"))
        press(client, "/sessions/", "/sessions/count")
        cookie = client.get_cookie("inspector_before", path="/sessions/")
        assert cookie is not None
        clock.shift(seconds)
        client.set_cookie("inspector_before", cookie.value, path="/sessions/")
        assert bool(_changes(client)) is told


def test_a_digest_of_a_part_tells_nothing_of_it_without_the_key(site: Site, put: Put) -> None:
    kept = set()
    for secret_key in ("one", "two"):
        site.app.config["SECRET_KEY"] = secret_key
        client = visitor(site, put("aaaaaa" + secret_key, text="same:same:same"))
        press(client, "/sessions/", "/sessions/count")
        (digest,) = re.findall(r'"payload": \["same", "(\w+)"\]', _before(client))
        kept.add(digest)
        assert len(digest) == 24
    assert len(kept) == 2


def test_a_newcomers_row_is_all_new(client: FlaskClient) -> None:
    press(client, "/sessions/", "/sessions/count")
    answer = client.get("/sessions/")
    rows = re.findall(
        r'<span class="part (\w+)">(\w+)</span></th>\s*<td><span class="state changed">changed'
        r"</span></td>\s*<td><code>nothing</code> → <code>",
        answer.text,
    )
    assert rows == [
        ("key", "session_key"),
        ("payload", "payload"),
        ("time", "time"),
        ("signature", "signature"),
        ("date", "expire_date"),
    ]


@pytest.mark.parametrize("value", ["many", None, True, [1]], ids=str)
def test_a_counter_of_somebody_elses_is_left_alone(site: Site, put: Put, value: object) -> None:
    client = visitor(site, put("aaaaaa", num_visits=value))
    answer = press(client, "/sessions/", "/sessions/count")
    assert answer.status_code == 409
    assert "The session has a &#39;num_visits&#39; that is not a number" in answer.text
    assert stored(site) == [{"num_visits": value}]


def test_a_visit_is_not_counted_in_a_session_that_ends_meanwhile(
    site: Site, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = visitor(site, put("aaaaaa", num_visits=1))
    with site.app.app_context():
        store = site.sessions.store
    load = store.load

    def load_and_end(*args: Any) -> Any:
        text = load(*args)
        store.delete_all()
        return text

    monkeypatch.setattr(store, "load", load_and_end)
    answer = press(client, "/sessions/", "/sessions/count")
    assert answer.status_code == 400
    assert "deleted before the request completed" in answer.text
    assert site.rows() == []


def test_what_was_before_cannot_be_made_up(client: FlaskClient) -> None:
    client.set_cookie("inspector_before", "e30.aaaaaa.x", path="/sessions/")
    assert _changes(client) == {}


def _named(length: int) -> dict[str, str]:
    """Return data that is so many characters of JSON."""
    return {"a": "b" * (length - len('{\n  "a": ""\n}'))}


@pytest.mark.parametrize(("length", "left_out"), [(2000, ""), (2001, "1"), (12000, "10,000")])
def test_long_data_is_cut_until_all_of_it_is_asked_for(
    site: Site, put: Put, length: int, left_out: str
) -> None:
    client = visitor(site, put("aaaaaa", **_named(length)))
    answer = client.get("/sessions/")
    assert re.findall(r"… ([\d,]+) more characters", answer.text) == [left_out][: bool(left_out)]
    data = answer.text.partition('<pre class="data">')[2].partition("</pre>")[0]
    assert len(unescape(data.partition("<span")[0])) == min(length, 2000)
    more = links(answer, "Show all of it")
    assert more == ["/sessions/?full=1"][: bool(left_out)]
    full = client.get("/sessions/?full=1")
    assert "b" * (length - 15) in full.text
    assert "more characters" not in full.text
    assert links(full, "Show all of it") == []


@pytest.mark.parametrize("part", ["payload", "time", "signature"])
def test_each_part_of_a_text_is_cut_until_all_of_it_is_asked_for(
    site: Site, put: Put, part: str
) -> None:
    parts = {"payload": "e30", "time": "1xVz9z", "signature": "s" * 43}
    parts[part] = "".join(f"{number:05}" for number in range(500))
    client = visitor(site, put("aaaaaa", text=":".join(parts.values())))
    answer = press(client, "/sessions/", "/sessions/")  # which shows the signature
    assert '<span class="cut">… 500 more characters</span>' in answer.text
    assert parts[part][:2000] in answer.text
    assert parts[part][:2001] not in answer.text
    assert links(answer, "Show all of it")


@pytest.mark.parametrize(("length", "is_cut"), [(24, False), (25, True)])
def test_a_part_is_told_in_24_characters_of_what_changed(
    site: Site, put: Put, length: int, is_cut: bool
) -> None:
    payload = "x" * length
    client = visitor(site, put("aaaaaa", text=f"{payload}:1xVz9z:s"))
    press(client, "/sessions/", "/sessions/count")
    told = "x" * 24 + ("…" if is_cut else "")
    assert f"<code>{told}</code> → " in client.get("/sessions/").text


def test_letters_of_all_scripts_are_shown_and_what_turns_lines_is_not(site: Site, put: Put) -> None:
    data = {"å": "Ω\u2028ж\x85中\x0b\x1c\u200f", "lone": "\udc80"}
    page = visitor(site, put("aaaaaa", **data)).get("/sessions/").text
    shown = unescape(page.partition('<pre class="data">')[2].partition("</pre>")[0])
    assert shown.splitlines() == [
        "{",
        '  "å": "Ω\\u2028ж\\x85中\\u000b\\u001c\\u200f",',
        '  "lone": "\\udc80"',
        "}",
    ]


def test_a_row_without_text_is_told_of(site: Site, put: Put) -> None:
    client = visitor(site, put("aaaaaa"))
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE django_session SET session_data = X'00ff'"))
    for answer in (client.get("/sessions/"), press(client, "/sessions/", "/sessions/")):
        page = _text(answer.text)
        assert "session_data no text" in page
        assert "It cannot be read." in page
        assert "Signature" not in page
        assert "Look inside" not in page
        assert "ends in 00:01:00" in page


def test_nothing_in_the_text_is_obeyed_in_what_changed(site: Site, put: Put) -> None:
    text = f"{HOSTILE[25:]}:{HOSTILE[25:]}:{HOSTILE[29:]}"
    client = visitor(site, put("aaaaaa", text=text))
    press(client, "/sessions/", "/sessions/count")
    page = client.get("/sessions/").text.partition('aria-label="The row before')[2]
    assert page.count("\\u202e") == 3
    assert not {"\x1b", "\u202e", "\x00"} & set(page)


def test_a_page_tells_the_browser_to_forget_once(site: Site, put: Put) -> None:
    client = visitor(site, put("aaaaaa"))
    press(client, "/sessions/", "/sessions/count")
    first, second = (client.get("/sessions/").headers.getlist("Set-Cookie") for _ in range(2))
    (forgotten,) = [cookie for cookie in first if "inspector_before" in cookie]
    assert forgotten.startswith("inspector_before=; ")
    for attribute in ("Max-Age=0", "HttpOnly", "Path=/sessions/", "SameSite=Strict"):
        assert f"; {attribute}" in forgotten
    assert second == []


def test_nothing_in_the_data_is_obeyed(site: Site, put: Put) -> None:
    page = visitor(site, put("aaaaaa", name=HOSTILE, **{HOSTILE: 1})).get("/sessions/").text
    assert "<script>alert" not in page
    assert not {"\x1b", "\u202e", "\x00"} & set(page)
    assert "&lt;script&gt;alert(1)" in page
    assert "\\u202e" in page
