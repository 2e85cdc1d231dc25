"""MariaDB under the name that SQLAlchemy has for it beside MySQL's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from flask_dj_session.store import database_time, expected_facts, found_facts

from ..conftest import NOW, MakeSite, Site
from ..databases import text_of
from .conftest import store_of

pytestmark = pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)


@pytest.fixture
def site(make_site: MakeSite, database_url: sa.URL) -> Site:
    named = text_of(database_url.set(drivername="mariadb+pymysql"))
    site = make_site(table=False, SQLALCHEMY_DATABASE_URI=named)
    with site.app.app_context():
        site.sessions.create_table(record_migration=True)
        assert site.db.engine.dialect.name == "mariadb"
    return site


def test_the_tables_are_djangos(site: Site) -> None:
    store = store_of(site)
    expected = expected_facts(store.engine, store.table)
    assert found_facts(store.engine, store.table) == replace(expected, create_index={})
    assert expected.columns["session_data"] == "longtext"
    assert expected.columns["expire_date"] == "datetime(6)"
    assert all("LOCK=NONE" in statement for statement in expected.create_index.values())
    told = "SELECT column_type FROM information_schema.columns"
    where = " WHERE table_name = 'django_migrations' AND table_schema = database()"
    with site.app.app_context(), site.db.engine.connect() as connection:
        types = connection.scalars(sa.text(told + where)).all()
    assert sorted(types) == ["bigint(20)", "datetime(6)", "varchar(255)", "varchar(255)"]


def test_dates_are_read_whatever_they_are(site: Site) -> None:
    store = store_of(site)
    for key in ("a-date-of-now", "no-date-at-all"):
        store.insert(key, "text", NOW)
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql("SET sql_mode = ''")
        connection.exec_driver_sql(
            "UPDATE django_session SET expire_date = 0 WHERE session_key = 'no-date-at-all'"
        )
    assert [row.expire_date for page in store.pages(size=9) for row in page] == [NOW, None]


def test_the_server_tells_the_time(site: Site) -> None:
    with site.app.app_context():
        now = database_time(site.sessions.store.engine)
    assert now is not None
    assert abs(now - datetime.now(timezone.utc)) < timedelta(hours=1)
