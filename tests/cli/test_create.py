"""``flask sessions create-table``."""

from __future__ import annotations

from ..conftest import MakeSite

MADE = "Table 'django_session' created.\n"
THERE = "Table 'django_session' exists already.\n"
RECORDED = "Migration 'sessions.0001_initial' recorded.\n"
RECORDED_BEFORE = "Migration 'sessions.0001_initial' is recorded already.\n"


def _output(make_site: MakeSite, *options: str) -> str:
    site = make_site(table=False)
    return site.app.test_cli_runner().invoke(args=["sessions", "create-table", *options]).output


def test_the_table_is_made_once(make_site: MakeSite) -> None:
    assert _output(make_site) == MADE
    assert _output(make_site) == THERE


def test_the_migration_is_recorded_once(make_site: MakeSite) -> None:
    assert _output(make_site, "--record-migration") == MADE + RECORDED
    assert _output(make_site, "--record-migration") == THERE + RECORDED_BEFORE


def test_a_table_that_was_made_before_can_be_recorded(make_site: MakeSite) -> None:
    _output(make_site)
    assert _output(make_site, "--record-migration") == THERE + RECORDED
