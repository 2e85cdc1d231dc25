"""The tables that are made here are those that Django's migrations leave behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from ..databases import EVERY_DATABASE, EVERY_SERVER, fresh_database, server_of
from ..live_django import on_database
from .conftest import MakeAuth

NAMES = [
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "auth_user",
    "auth_user_groups",
    "auth_user_user_permissions",
    "django_content_type",
]


def _sqlite_texts(url: sa.URL) -> set[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        query = "SELECT sql FROM sqlite_master WHERE tbl_name LIKE 'auth%' OR tbl_name LIKE '%type'"
        return set(connection.exec_driver_sql(query).scalars()) - {None}


def test_on_sqlite_the_very_texts_are_djangos(
    make_auth: MakeAuth, database_url: sa.URL, tmp_path: Path
) -> None:
    make_auth()
    ours = _sqlite_texts(database_url)
    theirs = database_url.set(database=str(tmp_path / "django.sqlite3"))
    with on_database(theirs):
        call_command("migrate", "auth", verbosity=0)
    assert len(ours) == 7 + 3 + 2 + 7
    assert ours == _sqlite_texts(theirs)


_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace"""
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
_COLUMNS = """
SELECT table_name, rank() OVER (PARTITION BY table_name ORDER BY ordinal_position), column_name,
data_type, character_maximum_length, is_nullable, is_identity, identity_generation
FROM information_schema.columns WHERE table_schema = 'public'"""
_FACTS = {
    "postgresql": [_CONSTRAINTS, _INDEXES, _COLUMNS],
    "mariadb": [f"SHOW CREATE TABLE {name}" for name in NAMES],
}


def _facts(kind: str, url: sa.URL) -> set[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = [
            row for query in _FACTS[server_of(kind)] for row in connection.exec_driver_sql(query)
        ]
    texts = {re.sub(r" AUTO_INCREMENT=\d+", "", "|".join(map(str, row))) for row in rows}
    return {text for text in texts if not re.search("django_(session|migrations)", text)}


@pytest.mark.parametrize("kind", EVERY_SERVER)
def test_on_servers_the_tables_are_equal_in_every_name(
    make_auth: MakeAuth, tmp_path: Path, kind: str
) -> None:
    with fresh_database(kind, tmp_path) as url, on_database(url):
        call_command("migrate", "auth", verbosity=0)
        theirs = {text.replace(" AUTO_INCREMENT=13", "") for text in _facts(kind, url)}
    with fresh_database(kind, tmp_path) as url:
        text = url.render_as_string(hide_password=False)
        make_auth(config={"SQLALCHEMY_DATABASE_URI": text})
        assert len(theirs) >= len(NAMES)
        assert _facts(kind, url) == theirs


def test_tables_that_are_there_are_left_alone(make_auth: MakeAuth) -> None:
    flask = make_auth()
    with flask.app.app_context():
        flask.auth.create_user("ann")
        assert flask.auth.create_tables() == []
        assert flask.auth.get_by_natural_key("ann") is not None


@pytest.mark.parametrize("database_url", ["sqlite", *EVERY_SERVER], indirect=True)
def test_after_recording_django_has_nothing_to_migrate_and_adds_its_permissions(
    make_auth: MakeAuth, database_url: sa.URL
) -> None:
    flask = make_auth(tables=False)
    with flask.app.app_context():
        flask.site.sessions.create_table(record_migration=True)
        assert sorted(flask.auth.create_tables(record_migrations=True)) == NAMES
    with on_database(database_url):
        before = MigrationRecorder(connection).applied_migrations()
        call_command("migrate", "--check", verbosity=0)  # exits where anything is to be done
        call_command("migrate", verbosity=0)
        assert MigrationRecorder(connection).applied_migrations() == before
        assert Permission.objects.count() == 4 * 5


def test_the_tables_of_a_projects_own_users_are_left_to_the_project(make_auth: MakeAuth) -> None:
    flask = make_auth(tables=False, auth_user_model="accounts.Customer")
    with flask.app.app_context(), pytest.raises(ValueError, match="'accounts_customer' belongs to"):
        flask.auth.create_tables()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_users_are_those_of_the_schema_that_the_engine_translates_to(make_auth: MakeAuth) -> None:
    site, auth = make_auth()
    with site.app.app_context():
        engine = site.db.engine
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE SCHEMA tenant")
        engine.update_execution_options(schema_translate_map={None: "tenant"})
        made = auth.create_tables()
        names = sa.inspect(engine).get_table_names(schema="tenant")
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA tenant CASCADE")
        engine.dispose()
    assert set(NAMES) <= set(made) <= set(names)


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_flag_is_true_or_false_in_whatever_a_database_keeps_it(make_auth: MakeAuth) -> None:
    flask = make_auth(user_model="auth_user")
    with flask.app.app_context():
        flask.auth.create_user("ann", password=None)
        ann = flask.auth.get_by_natural_key("ann")
        assert (ann.is_active, ann.is_staff) == (True, False)
        assert {type(ann.is_active), type(ann.is_staff)} == {bool}


def test_tables_are_not_made_in_a_schema_that_is_no_schema_of_postgresql(
    make_auth: MakeAuth,
) -> None:
    site, auth = make_auth(tables=False)
    with site.app.app_context():
        site.db.engine.update_execution_options(schema_translate_map={None: "main"})
        with pytest.raises(ValueError, match="not made in 'main'"):
            auth.create_tables()
