"""``flask sessions check`` behind a real PgBouncer."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result

from ..conftest import MakeSite, Site
from ..databases import text_of
from ..pgbouncer import pgbouncer

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]

#: what the finding says to set
NOTHING_PREPARED = {"connect_args": {"prepare_threshold": None}}


@pytest.fixture(autouse=True)
def no_settings_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name no Django settings."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


def check(site: Site) -> Result:
    """Run the command."""
    return site.app.test_cli_runner().invoke(args=["sessions", "check"])


def test_transaction_mode_is_found_with_its_mend(
    database_url: sa.URL, make_site: MakeSite, tmp_path: Path
) -> None:
    with pgbouncer(database_url, "transaction", tmp_path) as url:
        result = check(make_site(SQLALCHEMY_DATABASE_URI=text_of(url)))
    assert result.exit_code == 1
    first, hint, *rest = result.stdout.splitlines()
    assert first.startswith("wrong The database is behind a pooler")
    assert f"SQLALCHEMY_ENGINE_OPTIONS = {NOTHING_PREPARED!r}" in hint
    assert rest[-1] == "1 wrong."


def test_the_mend_mends_it(database_url: sa.URL, make_site: MakeSite, tmp_path: Path) -> None:
    with pgbouncer(database_url, "transaction", tmp_path) as url:
        site = make_site(
            SQLALCHEMY_DATABASE_URI=text_of(url), SQLALCHEMY_ENGINE_OPTIONS=NOTHING_PREPARED
        )
        result = check(site)
    assert (result.exit_code, "pooler" in result.stdout) == (0, False)


def test_session_mode_is_healthy(database_url: sa.URL, make_site: MakeSite, tmp_path: Path) -> None:
    with pgbouncer(database_url, "session", tmp_path) as url:
        result = check(make_site(SQLALCHEMY_DATABASE_URI=text_of(url)))
    assert (result.exit_code, "pooler" in result.stdout) == (0, False)


def test_the_finding_is_told_where_nothing_can_be_read_for_it(
    database_url: sa.URL, make_site: MakeSite, tmp_path: Path
) -> None:
    make_site()
    everything = {"connect_args": {"prepare_threshold": 0}}
    with pgbouncer(database_url, "transaction", tmp_path) as url:
        site = make_site(SQLALCHEMY_DATABASE_URI=text_of(url), options=everything, table=False)
        with sa.create_engine(url, poolclass=sa.NullPool).connect() as other:
            raw: Any = other.connection.driver_connection
            for number in range(100):  # as other processes do
                raw.pgconn.prepare(f"_pg3_{number}".encode(), b"SELECT 1")
        with warnings.catch_warnings():
            # SQLAlchemy 2.0 leaves a connection open whose first statements fail.
            warnings.simplefilter("ignore", ResourceWarning)
            result = check(site)
            gc.collect()
    assert result.stdout.startswith("wrong The database is behind a pooler")
    assert "wrong The table could not be read to the end" in result.stdout
