"""The table may be made here first, and Django's ``migrate`` runs afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder

from flask_dj_session.store import ddl
from flask_dj_session.store.migrations import _ensure_table, _migrations

from ..conftest import NOW, MakeSite
from ..databases import EVERY_DATABASE, backend_of, text_of
from ..live_django import LiveDjango, on_database

pytestmark = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


@pytest.fixture
def unmigrated(database_url: sa.URL) -> Iterator[LiveDjango]:
    """Return a Django with the settings of its project template, which has made no table."""
    with on_database(database_url) as live:
        template = {"DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField"}
        with live.settings(**template):
            MigrationRecorder._migration_class = None  # so that it heeds the setting
            yield live
            live.disconnect()
        MigrationRecorder._migration_class = None


def _create(make_site: MakeSite, *, record_migration: bool, **config: Any) -> None:
    site = make_site(table=False, **config)
    with site.app.app_context():
        site.sessions.create_table(record_migration=record_migration)


def _migrate() -> None:
    call_command("migrate", verbosity=0)


def test_django_migrates_after_the_table_was_made_and_recorded(
    make_site: MakeSite, unmigrated: LiveDjango
) -> None:
    _create(make_site, record_migration=True)
    _migrate()
    with connections["default"].cursor() as cursor:
        assert "auth_user" in connections["default"].introspection.table_names(cursor)
    store = unmigrated.store()
    store["a"] = 1
    store.save()
    assert unmigrated.store(store.session_key)["a"] == 1


def test_django_fails_where_the_table_was_made_but_not_recorded(
    make_site: MakeSite, unmigrated: LiveDjango
) -> None:
    _create(make_site, record_migration=False)
    with pytest.raises(DatabaseError, match="already exists"):
        _migrate()


def _shape(url: sa.URL) -> Any:
    """Tell all that the database knows of the table of migrations."""
    engine = sa.create_engine(text_of(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        columns = inspector.get_columns("django_migrations")
        shape = [{**column, "type": str(column["type"])} for column in columns]
        keys = inspector.get_pk_constraint("django_migrations")
        indexes = inspector.get_indexes("django_migrations")
        text = connection.scalar(sa.text(_OWN_TEXT[backend_of(url)]))
    engine.dispose()
    return shape, keys, indexes, text


_OWN_TEXT = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE name = 'django_migrations'",
    "postgresql": (
        "SELECT string_agg(concat_ws(' ', column_name, data_type, is_identity,"
        " identity_generation, character_maximum_length), ', ' ORDER BY ordinal_position)"
        " FROM information_schema.columns WHERE table_name = 'django_migrations'"
    ),
    "mysql": (
        "SELECT group_concat(concat_ws(' ', column_name, column_type, extra, collation_name)"
        " ORDER BY ordinal_position) FROM information_schema.columns"
        " WHERE table_name = 'django_migrations' AND table_schema = database()"
    ),
}


def test_the_table_of_migrations_is_the_one_that_django_makes(
    make_site: MakeSite, unmigrated: LiveDjango
) -> None:
    _create(make_site, record_migration=True)
    ours = _shape(unmigrated.url)
    with connections["default"].cursor() as cursor:
        cursor.execute("DROP TABLE django_migrations")
    MigrationRecorder(connections["default"]).ensure_schema()
    assert ours == _shape(unmigrated.url)


def test_on_a_database_of_another_kind_its_columns_are_as_in_django(
    make_site: MakeSite, unmigrated: LiveDjango, monkeypatch: pytest.MonkeyPatch
) -> None:
    # There SQLAlchemy finds the words for it.
    monkeypatch.setattr("flask_dj_session.store.migrations._CREATE", {})
    site = make_site(table=False)
    with site.app.app_context():
        engine = site.sessions.store.engine
        _ensure_table(engine, _migrations(lambda: None, None))

    def columns() -> list[tuple[Any, ...]]:
        with engine.connect() as connection:
            found = sa.inspect(connection).get_columns("django_migrations")
        lengths = [getattr(one["type"], "length", None) for one in found]
        return [
            (one["name"], one["nullable"], length)
            for one, length in zip(found, lengths, strict=True)
        ]

    ours = columns()
    with connections["default"].cursor() as cursor:
        cursor.execute("DROP TABLE django_migrations")
    MigrationRecorder(connections["default"]).ensure_schema()
    assert ours == columns()


@pytest.mark.parametrize("use_tz", [True, False], ids=["USE_TZ", "naive"])
@pytest.mark.usefixtures("clock")
def test_the_time_is_recorded_as_django_reads_it(
    make_site: MakeSite, unmigrated: LiveDjango, *, use_tz: bool
) -> None:
    zone = {"USE_TZ": use_tz, "TIME_ZONE": "America/Chicago"}
    _create(make_site, record_migration=True, **zone)
    with unmigrated.settings(**zone):
        unmigrated.disconnect()
        row = MigrationRecorder(connections["default"]).migration_qs.get()
    applied: datetime = row.applied
    assert (row.app, row.name) == ("sessions", "0001_initial")
    if use_tz:
        assert applied == NOW
    else:
        assert applied == datetime(2026, 11, 23, 6, 30, 15, 123456)


def test_what_django_recorded_is_not_recorded_again(
    make_site: MakeSite, django: LiveDjango
) -> None:
    _create(make_site, record_migration=True)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        assert cursor.fetchone() == (1,)


def test_other_migrations_in_the_table_stay(make_site: MakeSite, unmigrated: LiveDjango) -> None:
    call_command("migrate", "contenttypes", verbosity=0)
    before = set(MigrationRecorder(connections["default"]).applied_migrations())
    _create(make_site, record_migration=True)
    after = set(MigrationRecorder(connections["default"]).applied_migrations())
    assert after == before | {("sessions", "0001_initial")}
    _migrate()


def test_a_table_that_another_process_makes_meanwhile_is_used(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(table=False)
    with site.app.app_context():
        store = site.sessions.store
        store.create_table()
        assert store.record_migration(NOW)
        looks = [False]  # at first, before the other one has made it
        found = ddl.has_table
        monkeypatch.setattr(ddl, "has_table", lambda *told: looks.pop() if looks else found(*told))
        assert not store.record_migration(NOW)
        assert not looks
