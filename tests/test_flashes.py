"""Flashed messages: as in Flask's own sessions, and to Django a row like any other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.cookie import MessageEncoder
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from flask import Flask, flash, get_flashed_messages, render_template_string, session
from markupsafe import Markup
from werkzeug.local import LocalProxy

from flask_dj_session.errors import EncodeError

from .conftest import MakeSite, Site
from .live_django import LiveDjango
from .wire.test_flashes import LazyHTML, kinds_in

_TEMPLATE = "{% for message in get_flashed_messages() %}{{ message }}|{% endfor %}"


def visited_twice(app: Flask, *messages: Any) -> tuple[str, Any]:
    """Flash *messages* in one request, and return how the next two show them: as text, as data."""
    shown: list[Any] = []

    @app.get("/flash/<name>")
    def flash_all(name: str) -> str:
        for message in messages:
            flash(message, name)
        return ""

    @app.get("/data")
    def show() -> str:
        shown.extend(get_flashed_messages(with_categories=True))
        return ""

    app.add_url_rule("/text", "text", lambda: render_template_string(_TEMPLATE))
    client = app.test_client()
    client.get("/flash/message")
    text = client.get("/text").text
    client.get("/flash/error")
    client.get("/data")
    return text, shown


@pytest.fixture
def plain_flask() -> Flask:
    """Return an app with Flask's own sessions."""
    app = Flask("tests.plain")
    app.config.update(SECRET_KEY="secret", TESTING=True)
    return app


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param(["<b>saved</b>"], id="text"),
        pytest.param([Markup("<b>saved</b>")], id="Markup"),
        pytest.param([Markup("<b>one</b>"), "<i>two</i>"], id="both"),
        pytest.param([LazyHTML()], id="lazy"),
        pytest.param([mark_safe("<b>saved</b>")], id="Django's safe text"),
        pytest.param([{" m": "<b>saved</b>"}], id="what looks like Markup"),
        pytest.param([{"a": Markup("<b>"), "b": "<b>"}], id="Markup inside"),
        pytest.param([["<b>", {"n": [1, None, True]}]], id="data"),
    ],
)
def test_messages_arrive_as_in_flasks_own_sessions(
    site: Site, plain_flask: Flask, messages: list[Any]
) -> None:
    text, data = visited_twice(site.app, *messages)
    flasks_text, flasks_data = visited_twice(plain_flask, *messages)
    assert (text, data) == (flasks_text, flasks_data)
    assert [kinds_in(message) for message in data] == [kinds_in(one) for one in flasks_data]


@pytest.mark.parametrize(
    "message",
    [gettext_lazy("Yes <br>"), LocalProxy(lambda: "Yes <br>")],
    ids=["Django's lazy text", "a proxy of text"],
)
def test_text_that_is_made_when_it_is_read_arrives_as_text(site: Site, message: Any) -> None:
    assert visited_twice(site.app, message) == ("Yes &lt;br&gt;|", [("error", "Yes <br>")])


@pytest.mark.parametrize("serializer", ["json", "pickle"])
def test_markup_arrives_with_each_serializer(make_site: MakeSite, serializer: str) -> None:
    site = make_site(SESSION_SERIALIZER=serializer)
    assert visited_twice(site.app, Markup("<b>"))[0] == "<b>|"


def test_what_json_cannot_hold_is_named_with_what_to_flash(site: Site) -> None:
    with pytest.raises(EncodeError, match=r"^_flashes\[0\]\[1\]\.n is a complex, which JSON"):
        visited_twice(site.app, {"n": 1j, "html": Markup("<b>")})


# Beside Django


@pytest.fixture
def beside(make_site: MakeSite, django: LiveDjango) -> Site:
    """Return an app on the table that Django has made."""
    return make_site(table=False)


def key_after(site: Site, view: Callable[[], Any]) -> str:
    """Return the key of the session after a visit to *view*."""
    site.app.add_url_rule("/", "view", lambda: view() or "")
    client = site.client
    client.get("/")
    cookie = client.get_cookie("sessionid")
    assert cookie is not None
    return cookie.value


def test_django_reads_and_saves_a_row_with_markup_and_leaves_it_whole(
    beside: Site, django: LiveDjango
) -> None:
    key = key_after(beside, lambda: flash(Markup("<b>saved</b>")))
    store = django.store(key)
    assert store["_flashes"] == [["message", {" m": "<b>saved</b>"}]]
    store["num_visits"] = 1
    store.save()
    again = beside.sessions.session(key)
    assert again["_flashes"] == [("message", Markup("<b>saved</b>"))]
    assert type(again["_flashes"][0][1]) is Markup


DJANGOS: dict[str, Any] = {
    "a dict like a tag": {"html": {" m": "<b>"}, "all": [{" t": [1]}, {" di": {" m__": 1}}]},
    "messages of Django's": {
        "_messages": MessageEncoder().encode(
            [Message(constants.INFO, mark_safe("<b>saved</b>"), "safe")]
        )
    },
    "flashes of another shape": {"_flashes": {" m": "<b>"}},
}


@pytest.mark.parametrize("data", DJANGOS.values(), ids=DJANGOS)
def test_what_django_wrote_comes_back_as_it_wrote_it_and_stays_so(
    beside: Site, django: LiveDjango, data: dict[str, Any]
) -> None:
    store = django.store()
    store.update(data)
    store.create()
    ours = beside.sessions.session(store.session_key)
    assert kinds_in(dict(ours)) == kinds_in(data)
    ours["num_visits"] = 1
    ours.save()
    assert json.dumps(dict(django.store(store.session_key).items())) == json.dumps(
        {**data, "num_visits": 1}
    )


def test_a_row_without_markup_has_djangos_bytes(
    beside: Site, django: LiveDjango, clock: object
) -> None:
    def view() -> None:
        flash("saved")
        session["cart"] = [1, (2,), Markup("<b>")]

    key = key_after(beside, view)
    data = {"_flashes": [("message", "saved")], "cart": [1, (2,), "<b>"]}
    (row,) = beside.rows()
    assert row.session_data == django.store(key).encode(data)
