"""What can be a session key is what its column holds, as with a Django model of wider keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import connections
from django.db.models import CharField
from django.utils.crypto import get_random_string
from flask import request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from flask_dj_session import AbstractSession, DjangoSession, DjangoSessions
from flask_dj_session.inspector import Inspector

from ..conftest import Site
from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import MakeApp


class _Wide(AbstractBaseSession):  # type: ignore[misc]
    session_key = CharField(max_length=128, primary_key=True)

    class Meta:
        app_label = "wide"
        db_table = "wide_sessions"


class _WideStore(SessionStore):  # type: ignore[misc]
    """Django's half: keys of 128 characters in a table of the project's own."""

    @classmethod
    def get_model_class(cls) -> Any:
        return _Wide

    def _get_new_session_key(self) -> str:
        return str(get_random_string(128))


class _WideSession(DjangoSession):
    """The same here."""

    key_salt = f"django.contrib.sessions.{_WideStore.__name__}"

    def _get_new_session_key(self) -> str:
        return str(get_random_string(128))


def _site(make_app: MakeApp, column: Any, **extension: Any) -> Site:
    db = SQLAlchemy()

    class Wide(AbstractSession, db.Model):  # type: ignore[name-defined, misc]
        __tablename__ = "wide_sessions"
        session_key: Mapped[str] = mapped_column(column, primary_key=True)

    app = make_app(db)
    site = Site(app, db, DjangoSessions(app, db, model=Wide, **extension))

    @app.get("/")
    def count() -> str:
        session: Any = request.session  # type: ignore[attr-defined]
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    return site


@pytest.fixture
def wide(make_app: MakeApp, django: LiveDjango) -> Iterator[Site]:
    """Return an app beside a Django with keys of 128 characters."""
    with connections["default"].schema_editor() as editor:
        editor.create_model(_Wide)
    yield _site(make_app, sa.String(128), session_class=_WideSession)
    with connections["default"].schema_editor() as editor:
        editor.delete_model(_Wide)


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_sessions_with_wide_keys_go_to_and_fro(wide: Site) -> None:
    store = _WideStore()
    store["n"] = 41
    store.save()
    client = wide.client
    client.set_cookie("sessionid", store.session_key)
    assert client.get("/").text == "42"
    cookie = client.get_cookie("sessionid")
    assert cookie is not None
    assert cookie.value == store.session_key
    assert _WideStore(store.session_key)["n"] == 42


def test_a_new_key_has_the_width_of_the_site(wide: Site) -> None:
    client = wide.client
    assert client.get("/").text == "1"
    cookie = client.get_cookie("sessionid")
    assert cookie is not None
    assert len(cookie.value) == 128
    assert _WideStore(cookie.value)["n"] == 1


def test_a_wide_key_that_the_server_did_not_give_out_is_not_adopted(wide: Site) -> None:
    client = wide.client
    client.set_cookie("sessionid", "k" * 128)
    assert client.get("/").text == "1"
    assert not _WideStore().exists("k" * 128)


@pytest.mark.parametrize(
    ("column", "longest"),
    [(sa.String(40), 40), (sa.String(32), 32), (sa.String(128), 128), (sa.Text(), 4096)],
    ids=["Django's", "narrower", "wider", "without a bound"],
)
def test_a_longer_key_than_the_column_holds_costs_no_query(
    column: Any, longest: int, make_app: MakeApp
) -> None:
    site = _site(make_app, column)
    with site.app.app_context():
        site.sessions.create_table()
        statements: list[str] = []
        listen = "before_cursor_execute"
        event.listen(site.db.engine, listen, lambda *given: statements.append(given[2]))
        for length, number in ((longest, 1), (longest + 1, 0)):
            session = site.sessions.session("k" * length)
            assert dict(session) == {}
            assert not site.sessions.session().exists("k" * (longest + 1))
            site.sessions.session().delete("k" * (longest + 1))
            assert session.session_key is None
            assert len(statements) == number, length
            statements.clear()


class _Hasty(DjangoSession):
    drawn = ""

    def _get_new_session_key(self) -> str:
        return self.drawn


@pytest.mark.parametrize("drawn", ["", "short", "k" * 41, "with a space", "ključ-ključ"])
def test_a_key_that_was_drawn_and_cannot_be_stored_is_an_error(
    drawn: str, make_app: MakeApp
) -> None:
    site = _site(make_app, sa.String(40), session_class=type("Mine", (_Hasty,), {"drawn": drawn}))
    with site.app.app_context(), pytest.raises(ValueError, match=r"'Mine\._get_new.* 40") as error:
        site.sessions.session().save()
    assert not drawn or drawn not in str(error.value)


def test_the_inspector_shows_a_session_with_a_wide_key(wide: Site) -> None:
    wide.app.debug = True
    wide.app.register_blueprint(Inspector())
    client = wide.client
    client.get("/")
    page = client.get("/sessions/").text
    assert "No row has this key." not in page
    assert "Without a key" not in page


def test_the_fixtures_see_a_session_with_a_wide_key(wide: Site, django_session_change: Any) -> None:
    client = wide.client
    client.get("/")
    with django_session_change(client) as change:
        client.get("/")
    assert (change.old_data, change.data) == ({"n": 1}, {"n": 2})
