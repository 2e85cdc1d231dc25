"""Faults as somebody meets them who stands an app beside a Django site, and what names them."""

from __future__ import annotations

import logging
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import session
from time_machine import Traveller

from flask_dj_session import django_settings
from flask_dj_session.site import site_of

from ..conftest import MakeSite, Site
from ..databases import EVERY_DATABASE
from ..live_django import SECRET_KEY, LiveDjango
from ..test_golden import GOLDEN, load
from .conftest import in_wal_mode

pytestmark = pytest.mark.usefixtures("no_settings_module")


@pytest.fixture
def database_url(database_url: sa.URL) -> sa.URL:
    """Return the URL of an empty database, of which there is nothing to note."""
    return in_wal_mode(database_url)


@pytest.fixture
def no_settings_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name no Django settings."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


def check(site: Site, *options: str) -> str:
    """Return what the command prints for an app."""
    return site.app.test_cli_runner().invoke(args=["sessions", "check", *options]).output


def counting(site: Site) -> Site:
    """Give the app the course's page, which counts."""

    @site.app.get("/")
    def count() -> str:
        session["num_visits"] = session.get("num_visits", 0) + 1
        return str(session["num_visits"])

    return site


def visits(django: LiveDjango, number: int = 5) -> str:
    """Let Django have visitors, and return the key of one of them."""
    for _ in range(number):
        store = django.store()
        store["num_visits"] = 1
        store.save()
    return str(store.session_key)


def fingerprint(printed: str) -> str:
    """Return the fingerprint of SECRET_KEY that a check has printed."""
    found = re.search(r"SECRET_KEY ([0-9a-f]+)", printed)
    assert found
    return found[1]


# A wrong key in one process of two


@pytest.fixture
def processes(django: LiveDjango, make_site: MakeSite) -> tuple[Site, Site]:
    """Return the apps of two processes, of which the second has read a line end with its key."""
    keys = (SECRET_KEY, f"{SECRET_KEY}\r")
    right, wrong = (counting(make_site(table=False, SECRET_KEY=key)) for key in keys)
    return right, wrong


def test_the_log_of_both_processes_says_that_a_signature_is_wrong(
    processes: tuple[Site, Site], django: LiveDjango, caplog: pytest.LogCaptureFixture
) -> None:
    key = visits(django)
    counts, logs = [], []
    for site in processes * 2:
        caplog.clear()
        client = site.client
        client.set_cookie("sessionid", key)
        counts.append(client.get("/").text)
        logs.append([record.getMessage() for record in caplog.records])
    told = ["Session data corrupted (signature)"]
    assert counts == ["2", "1", "1", "1"]  # begun anew each time
    assert logs == [[], told, told, told]
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_the_check_of_either_process_prints_another_fingerprint(
    processes: tuple[Site, Site], django: LiveDjango
) -> None:
    visits(django)
    processes[1].client.get("/")
    right, wrong = map(check, processes)
    assert fingerprint(right) != fingerprint(wrong)
    assert "5 rows were signed with SECRET_KEY." in right
    assert "Compare the fingerprints of the keys in all programs that write to this table." in right
    assert "Compare the fingerprints of the keys in all programs that write to this table." in wrong
    for printed in (right, wrong):
        assert SECRET_KEY not in printed
        assert "clearsessions" not in printed


def test_two_processes_with_one_key_print_the_same_fingerprint(make_site: MakeSite) -> None:
    sites = [make_site(), make_site(SECRET_KEY=SECRET_KEY.encode())]
    first, second = (fingerprint(check(site)) for site in sites)
    assert first == second


# Another time zone


@pytest.mark.parametrize("database_url", ["sqlite", "mariadb"], indirect=True)
@pytest.mark.parametrize("age", [3600, 86_400])
def test_another_time_zone_is_named_and_nobody_told_to_clear(
    django: LiveDjango, make_site: MakeSite, age: int
) -> None:
    with django.settings(
        USE_TZ=False, TIME_ZONE="America/Argentina/Buenos_Aires", SESSION_COOKIE_AGE=age
    ):
        visits(django)
    same_age = check(make_site(table=False, SESSION_COOKIE_AGE=age))
    assert "wrong expire_date is off by -3:00 hours in 5 rows" in same_age
    assert "a time zone with UTC-3:00: if the Django settings say so" in same_age
    assert "clearsessions" not in same_age
    other_age = check(make_site(table=False))
    assert "USE_TZ or TIME_ZONE" in other_age
    assert "clearsessions" not in other_age


def test_it_is_named_after_visits_to_the_app_too(
    django: LiveDjango, make_site: MakeSite, clock: Traveller
) -> None:
    with django.settings(USE_TZ=False, TIME_ZONE="America/Argentina/Buenos_Aires"):
        visits(django)
    site = counting(make_site(table=False))
    clock.shift(timedelta(minutes=3))
    for _ in range(5):
        site.client.get("/")
    printed = check(site)
    assert "note  expire_date is off by -3:00 hours in 5 rows, of 10 examined" in printed
    assert "compare its USE_TZ and TIME_ZONE with Django's" in printed
    assert printed.endswith("\nNothing is wrong, but read the note.\n")


# Rows of an older Django


def test_rows_of_an_older_django_are_named(database: Path, make_site: MakeSite) -> None:
    golden = load(GOLDEN / "django-2.2.28.json")
    shutil.copy(GOLDEN / "django-2.2.28.sqlite3", database)
    printed = check(make_site(table=False, SECRET_KEY=golden["secret_key"]))
    assert (
        "wrong The newest rows are in the legacy format, but this app writes the signed format"
        in printed
    )
    assert (
        "as long as a Django before 3.1 writes here ('python -m django --version' shows" in printed
    )
    assert "clearsessions" not in printed


# A missing index


def test_a_missing_index_is_named_with_the_statement_that_makes_it(
    django: LiveDjango, make_site: MakeSite
) -> None:
    site = make_site(table=False)
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX django_session_expire_date_a5c62663")
    printed = check(site)
    assert "wrong No index begins with 'expire_date'" in printed
    assert "Run: CREATE INDEX django_session_expire_date_a5c62663" in printed


# A cookie with another domain

Settings = Callable[..., str]


@pytest.fixture
def write_settings(
    database_url: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Return what writes a Django project's settings module."""
    monkeypatch.syspath_prepend(tmp_path)
    written: list[str] = []

    def write(**values: Any) -> str:
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": database_url.database}
        values = {"SECRET_KEY": SECRET_KEY, "DATABASES": {"default": database}, **values}
        written.append(f"planted_settings_{len(written)}")
        lines = [f"{name} = {value!r}" for name, value in values.items()]
        (tmp_path / f"{written[-1]}.py").write_text("\n".join(lines))
        return written[-1]

    yield write
    for module in written:
        sys.modules.pop(module, None)


DOMAIN = "SESSION_COOKIE_DOMAIN is None here, '.example.com' in the Django settings."


def test_what_was_not_compared_is_said_to_be_so(site: Site) -> None:
    printed = check(site)
    assert re.search(r"^--    Not compared, .*SESSION_COOKIE_DOMAIN", printed, re.MULTILINE)
    assert "'--django-settings mysite.settings'" in printed
    assert printed.endswith("\nNothing is wrong.\n")


def test_a_cookie_of_another_domain_is_named_beside_the_settings(
    site: Site, write_settings: Settings
) -> None:
    module = write_settings(USE_TZ=True, SESSION_COOKIE_DOMAIN=".example.com")
    printed = check(site, "--django-settings", module)
    assert f"wrong {DOMAIN}" in printed
    assert "Not compared" not in printed


def test_settings_that_came_from_django_are_compared_without_being_asked(
    make_site: MakeSite, write_settings: Settings
) -> None:
    module = write_settings(USE_TZ=True, SESSION_COOKIE_DOMAIN=".example.com")
    config = django_settings(module)
    assert "The Django settings agree with the app's." in check(make_site(**config))
    printed = check(make_site(**{**config, "SESSION_COOKIE_DOMAIN": None}))
    assert f"wrong {DOMAIN}" in printed
    assert "Not compared" not in printed


def test_a_database_that_was_not_read_is_said_to_be_not_compared(
    make_site: MakeSite, write_settings: Settings
) -> None:
    module = write_settings(USE_TZ=True)
    printed = check(make_site(**django_settings(module, using=None)))
    assert "The Django settings agree with the app's." in printed
    assert "Not compared, because the Django settings were not read for it: DATABASES." in printed


def test_a_database_that_cannot_be_used_here_ends_no_comparison(
    site: Site, write_settings: Settings
) -> None:
    other = {"default": {"ENGINE": "django.db.backends.oracle", "NAME": "x"}}
    module = write_settings(USE_TZ=True, SESSION_COOKIE_DOMAIN=".example.com", DATABASES=other)
    printed = check(site, "--django-settings", module)
    assert f"wrong {DOMAIN}" in printed
    assert "DATABASES" in printed


def test_another_module_is_compared_where_it_is_named(
    make_site: MakeSite, write_settings: Settings
) -> None:
    config = django_settings(write_settings(USE_TZ=True))
    other = write_settings(USE_TZ=True, SESSION_COOKIE_DOMAIN=".example.com")
    assert f"wrong {DOMAIN}" in check(make_site(**config), "--django-settings", other)


# The clock


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_clock_that_is_fast_is_named_and_nobody_told_to_clear(
    django: LiveDjango, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits(django, 30)
    site = make_site(table=False)
    of_app: Any = site_of(site.app)
    now = of_app.now() + timedelta(days=30)
    monkeypatch.setattr(of_app, "now", lambda: now)
    printed = check(site)
    assert "30 rows have expired" in printed
    assert "clearsessions" not in printed
    has_clock = django.url.get_backend_name() != "sqlite"
    assert ("wrong The clock here says" in printed) is has_clock
    assert ("the clock here is fast" in printed) is not has_clock


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_clock_in_order_is_nothing_to_tell(django: LiveDjango, make_site: MakeSite) -> None:
    visits(django)
    assert "clock" not in check(make_site(table=False))


# A database that fails


def test_a_table_that_cannot_be_read_is_a_finding_beside_the_others(site: Site) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX django_session_expire_date_a5c62663")

    def fail(_: object, __: object, text: str, *___: object) -> None:
        if text.startswith("SELECT") and "session_data" in text:
            raise sa.exc.OperationalError("SELECT", None, RuntimeError("disk I/O error"))

    with site.app.app_context():
        sa.event.listen(site.db.engine, "before_cursor_execute", fail)
    printed = check(site)
    assert "wrong No index begins with 'expire_date'" in printed
    assert "wrong The rows could not be read to the end: disk I/O error." in printed
