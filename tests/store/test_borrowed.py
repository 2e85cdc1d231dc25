"""Tests of an app that put a connection in the place of an engine, and roll back at their end.

The recipe is the one that users of Flask-SQLAlchemy pass on; docs/testing.md shows it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from flask_dj_session.errors import MissingTableError
from flask_dj_session.store import Store, found_pooler
from flask_dj_session.store.statements import Statement

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_DATABASE
from .test_own import counts, stored

pytestmark = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


@contextmanager
def rolled_back(site: Site) -> Iterator[None]:
    """Roll back whatever is done in the database inside."""
    with site.app.app_context():
        engines: Any = site.db.engines
    engine = engines[None]
    with engine.connect() as connection:
        transaction = connection.begin()
        engines[None] = connection
        try:
            yield
        finally:
            engines[None] = engine
            transaction.rollback()


def test_what_sessions_store_is_rolled_back_with_the_rest(make_site: MakeSite) -> None:
    site = make_site()
    for _ in range(2):
        with rolled_back(site):
            assert counts(site) == ["1", "2", "3"]
            assert len(site.rows()) == 1
        assert stored(site) == 0
    assert counts(site) == ["1", "2", "3"]
    assert stored(site) == 1


def test_sessions_and_the_app_see_each_others_work(make_site: MakeSite) -> None:
    site = make_site()
    with rolled_back(site), site.app.app_context():
        site.db.session.add(
            site.sessions.model(session_key="12345678", session_data="", expire_date=NOW)
        )
        site.db.session.commit()
        assert site.sessions.store.exists("12345678")
        site.sessions.store.delete("12345678")
        assert site.rows() == []
    assert stored(site) == 0


def test_an_error_leaves_the_transaction_usable(make_site: MakeSite) -> None:
    site = make_site()
    with rolled_back(site), site.app.app_context():
        store = site.sessions.store
        store.insert("12345678", "text", NOW)
        taken = sa.insert(store.table).values(
            session_key="12345678", session_data="", expire_date=NOW
        )
        with pytest.raises(sa.exc.IntegrityError):
            store.engine.write(Statement(taken), {}, table=store.table.name)
        assert store.exists("12345678")
    assert stored(site) == 0


def test_a_missing_table_is_named_and_leaves_the_transaction_usable(make_site: MakeSite) -> None:
    site = make_site(table=False)
    with rolled_back(site), site.app.app_context():
        with pytest.raises(MissingTableError):
            site.sessions.store.exists("12345678")
        assert site.db.session.execute(sa.text("SELECT 1")).scalar_one() == 1


@pytest.mark.parametrize(
    "work",
    [lambda store, key: store.exists(key), lambda store, key: store.insert(key, key, NOW)],
    ids=["read", "write"],
)
def test_an_error_tells_no_values(
    make_site: MakeSite, work: Callable[[Store, str], object]
) -> None:
    site, key = make_site(table=False), "secret".center(20, "x")
    with rolled_back(site), site.app.app_context(), pytest.raises(MissingTableError) as caught:
        work(site.sessions.store, key)
    assert key not in "".join(traceback.format_exception(caught.value))


def test_clearing_and_listing_take_part(make_site: MakeSite) -> None:
    site = make_site()
    with rolled_back(site), site.app.app_context():
        store = site.sessions.store
        store.insert("12345678", "text", NOW.replace(year=2020))
        assert [row.session_key for page in store.pages(size=5) for row in page] == ["12345678"]
        assert site.sessions.clear_expired() == 1
        assert store.count() == 0


def test_the_table_that_is_made_is_part_of_it(make_site: MakeSite) -> None:
    site = make_site(table=False)
    with rolled_back(site), site.app.app_context():
        site.sessions.create_table()
        site.sessions.create_table()
        assert counts(site) == ["1", "2", "3"]


def test_no_pooler_is_looked_for_there(make_site: MakeSite) -> None:
    site = make_site()
    with rolled_back(site), site.app.app_context():
        statements: list[str] = []
        note = "before_cursor_execute"
        event.listen(site.db.engine, note, lambda *given: statements.append(given[2]))
        assert found_pooler(site.sessions.store.engine) is None
        assert statements == []
        assert site.sessions.store.count() == 0
        assert statements != []
