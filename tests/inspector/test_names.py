"""The names of users, beside their ids and in the search, where the app has Django's login."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from flask_dj_session.auth import DjangoAuth

from ..conftest import Site
from ..databases import EVERY_DATABASE
from .conftest import HOSTILE, Put, address, listed, statements

ALL = "/sessions/all"


@pytest.fixture
def auth(site: Site) -> DjangoAuth:
    """Return the login of the app, with no users yet."""
    auth = DjangoAuth(site.sessions)
    with site.app.app_context():
        auth.create_tables()
    return auth


def _add(site: Site, auth: DjangoAuth, name: str, **columns: Any) -> str:
    """Add a user, and return the id as sessions have it."""
    with site.app.app_context():
        return str(auth.create_user(name, **columns).pk)


def _users(client: FlaskClient, page: str = ALL) -> list[str]:
    """Return what a page of sessions says of users, line by line."""
    cells = re.findall(r"</span></td>\s*<td>(.*?)</td>", client.get(page).text, re.DOTALL)
    return [cell.replace("<bdi>", "").replace("</bdi>", "").strip() for cell in cells]


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_name_stands_beside_the_id(site: Site, auth: DjangoAuth, put: Put) -> None:
    ann = _add(site, auth, "ann")
    key = put("aaaaaa", _auth_user_id=ann)
    put("bbbbbb", _auth_user_id="99")
    put("cccccc", num_visits=1)
    assert _users(site.client) == [f"{ann} (ann)", "99", '<span class="none">\N{EN DASH}</span>']
    one = address(site.client, key[:6])
    said = f"User <bdi>{ann}</bdi> (<bdi>ann</bdi>) is logged"
    assert f"{said} in" in site.client.get(one).text
    assert f"{said} out" in site.client.get(f"{one}/revoke").text


def test_without_a_login_there_are_ids_alone(site: Site, put: Put) -> None:
    put("aaaaaa", _auth_user_id="1")
    assert _users(site.client) == ["1"]
    assert "User id <input" in site.client.get(ALL).text


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_sessions_are_found_by_the_name_of_their_user(
    site: Site, auth: DjangoAuth, put: Put
) -> None:
    ann, bob = _add(site, auth, "ann"), _add(site, auth, "bob")
    for letter, user_id in zip("abc", (ann, bob, ann), strict=True):
        put(letter * 6, _auth_user_id=user_id)
    assert listed(site.client.get(f"{ALL}?user=ann")) == ["aaaaaa", "cccccc"]
    assert listed(site.client.get(f"{ALL}?user={bob}")) == ["bbbbbb"]
    assert listed(site.client.get(f"{ALL}?user=nobody")) == []
    assert "User, by id or name <input" in site.client.get(ALL).text


def test_a_name_that_looks_like_an_id_finds_both(site: Site, auth: DjangoAuth, put: Put) -> None:
    ann = _add(site, auth, "ann")
    put("aaaaaa", _auth_user_id=ann)
    put("bbbbbb", _auth_user_id=_add(site, auth, ann))
    assert listed(site.client.get(f"{ALL}?user={ann}")) == ["aaaaaa", "bbbbbb"]


def test_one_statement_finds_the_names_of_a_page(site: Site, auth: DjangoAuth, put: Put) -> None:
    for number in range(20):
        put(f"a{number:05}", _auth_user_id=_add(site, auth, f"user{number}"))
    client = site.client
    with statements(site) as noted:
        assert "(<bdi>user19</bdi>)" in client.get(ALL).text
    assert len([text for text, _ in noted if "auth_user" in text]) == 1


def test_a_page_without_users_asks_for_no_names(site: Site, auth: DjangoAuth, put: Put) -> None:
    put("aaaaaa", _auth_user_id=HOSTILE)
    put("bbbbbb", num_visits=1)
    with statements(site) as noted:
        site.client.get(ALL)
    assert [text for text, _ in noted if "auth_user" in text] == []


def test_a_hostile_name_is_shown_as_text(site: Site, auth: DjangoAuth, put: Put) -> None:
    name = HOSTILE.replace("\x00", "")
    put("aaaaaa", _auth_user_id=_add(site, auth, name))
    for page in (ALL, address(site.client, "aaaaaa")):
        text = site.client.get(page).text
        assert "(<bdi>&lt;script&gt;" in text
        assert not {"\x1b", "\u202e"} & set(text)
        assert "<script>alert" not in text
    assert listed(site.client.get(ALL, query_string={"user": name})) == ["aaaaaa"]


def test_where_nobody_has_made_users_yet_there_are_ids_alone(
    site: Site, put: Put, caplog: pytest.LogCaptureFixture
) -> None:
    DjangoAuth(site.sessions)
    put("aaaaaa", _auth_user_id="1")
    assert _users(site.client, f"{ALL}?user=1") == ["1"]
    assert caplog.messages == []


def test_a_table_of_users_that_cannot_be_asked_is_named_in_the_log(
    site: Site, put: Put, caplog: pytest.LogCaptureFixture
) -> None:
    DjangoAuth(site.sessions, username_field="email_of_old")
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE auth_user (id integer PRIMARY KEY)"))
    put("aaaaaa", _auth_user_id="1")
    assert _users(site.client) == ["1"]
    (said,) = caplog.messages
    assert said == (
        "The inspector shows no user names, because the query on the table of users failed:"
        " MissingUserColumnError."
    )


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_users_whose_ids_are_uuids_have_names(site: Site, put: Put) -> None:
    table = sa.Table(
        "people",
        sa.MetaData(),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("email", sa.String(100)),
    )
    DjangoAuth(site.sessions, user_model=table, username_field="email")
    ann = uuid.uuid4()
    with site.app.app_context(), site.db.engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert().values(id=ann, email="ann@example.org"))
    put("aaaaaa", _auth_user_id=str(ann))
    assert _users(site.client) == [f"{str(ann)[:24]}… (ann@example.org)"]
    assert listed(site.client.get(f"{ALL}?user=ann@example.org")) == ["aaaaaa"]
