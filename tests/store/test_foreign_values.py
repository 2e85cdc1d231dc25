"""What SQLite, and MySQL to an extent, let others put into the columns, read as Django reads it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from flask_dj_session.wire import SessionCodec

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_MARIADB
from ..live_django import SECRET_KEY, LiveDjango

KEY = "a" * 32
READABLE = SessionCodec(SECRET_KEY).encode({"a": 1}, NOW)
LATER = "2099-01-01 00:00:00"

DATES: dict[str, object] = {
    "text that is no date": "no date",
    "text before all dates": "",
    "a day": "2099-01-01",
    "a date as bytes": LATER.encode(),
    "a number": 7,
    "a large number": 1e300,
}
DJANGO_FAILS_ON: dict[str, object] = {"the 45th": "2099-12-45 00:00:00", "bytes": b"\xff"}


@pytest.fixture
def site(make_site: MakeSite, django: LiveDjango) -> Site:
    """Return an app with the table that Django made."""
    return make_site(table=False)


def _insert(site: Site, data: object, date: object) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO django_session VALUES (:key, :data, :date)"),
            {"key": KEY, "data": data, "date": date},
        )


def _load(site: Site) -> dict[str, Any]:
    with site.app.app_context():
        return site.sessions.session(KEY).load()


def _date_of_django() -> datetime | None:
    from django.contrib.sessions.models import Session

    date: datetime | None = Session.objects.get().expire_date
    return date


@pytest.mark.parametrize("date", DATES.values(), ids=DATES)
def test_a_date_that_is_none_means_what_it_means_to_django(
    site: Site, django: LiveDjango, date: object
) -> None:
    _insert(site, READABLE, date)
    assert _load(site) == django.store(KEY).load()
    assert site.rows()[0].expire_date == _date_of_django()


@pytest.mark.parametrize("date", DJANGO_FAILS_ON.values(), ids=DJANGO_FAILS_ON)
def test_a_date_on_which_django_fails_is_none(site: Site, django: LiveDjango, date: object) -> None:
    _insert(site, READABLE, date)
    with pytest.raises(ValueError, match=r"day|utf-8"):
        django.store(KEY).load()
    assert site.rows()[0].expire_date is None
    assert _load(site) == {"a": 1}


@pytest.mark.parametrize("date", [*DATES.values(), *DJANGO_FAILS_ON.values(), LATER, "2020-01-01"])
def test_a_row_is_listed_as_expired_where_nobody_can_read_it(site: Site, date: object) -> None:
    _insert(site, READABLE, date)
    listed = site.app.test_cli_runner().invoke(args=["sessions", "list", "--json"])
    (row,) = json.loads(listed.output)
    assert row["expired"] is (_load(site) == {})


@pytest.mark.parametrize("data", [b"hello:1xVIM1:world", b"", b"\xff", 7, 1.5], ids=repr)
def test_data_that_is_no_text_is_empty_as_it_is_to_django(
    site: Site, django: LiveDjango, data: object, caplog: pytest.LogCaptureFixture
) -> None:
    _insert(site, data, LATER)
    assert django.store(KEY).load() == {}
    caplog.clear()
    with site.app.app_context():
        (row,) = site.db.session.scalars(site.db.select(site.sessions.model))
        assert row.get_decoded() == {}
    (record,) = caplog.records
    assert record.message.startswith("Session data corrupted (")


@pytest.mark.parametrize("database_url", EVERY_MARIADB, indirect=True)
def test_the_day_zero_of_mysql_is_no_date(site: Site) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql("SET sql_mode = ''")
        connection.exec_driver_sql("INSERT INTO django_session VALUES ('k', 'x', '0000-00-00')")
    assert [row.expire_date for row in site.rows()] == [None]
    listed = site.app.test_cli_runner().invoke(args=["sessions", "list", "--json"])
    assert json.loads(listed.output)[0]["expired"] is True


@pytest.mark.parametrize("collation", ["utf8mb4_bin", "latin1_swedish_ci", "ascii_bin"])
@pytest.mark.parametrize("database_url", EVERY_MARIADB, indirect=True)
def test_a_table_of_any_collation_is_read_as_django_reads_it(
    site: Site, django: LiveDjango, collation: str
) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql(
            f"ALTER TABLE django_session CONVERT TO CHARACTER SET {collation.partition('_')[0]}"
            f" COLLATE {collation}"
        )
    theirs = django.store()
    theirs["a"] = 1
    theirs.save()
    django.disconnect()
    with site.app.app_context():
        session = site.sessions.session(theirs.session_key)
        assert (session["a"], session.session_key) == (1, theirs.session_key)
        session["a"] = 2
        session.save()
    assert django.store(theirs.session_key).load() == {"a": 2}
    assert [row.session_key for row in site.rows()] == [theirs.session_key]
    listed = site.app.test_cli_runner().invoke(args=["sessions", "list", "--json"])
    assert json.loads(listed.output)[0]["expired"] is False
