"""``flask sessions check`` on real tables, with each fault that it is there to find."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from time_machine import Traveller

from flask_dj_session.auth import DjangoAuth
from flask_dj_session.checks import Finding
from flask_dj_session.store import expected_facts

from ..conftest import NOW, MakeSite, Site
from ..databases import EVERY_DATABASE, backend_of
from ..live_django import SECRET_KEY, LiveDjango
from ..test_golden import ALL, GOLDEN, Golden, load
from .conftest import in_wal_mode

pytestmark = pytest.mark.slow

every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


@pytest.fixture
def database_url(database_url: sa.URL) -> sa.URL:
    """Return the URL of an empty database, of which there is nothing to note."""
    return in_wal_mode(database_url)


@pytest.fixture(autouse=True)
def no_settings_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name no Django settings."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


def check(site: Site, *options: str) -> Result:
    """Run the command."""
    return site.app.test_cli_runner().invoke(args=["sessions", "check", *options])


def findings(site: Site, exit_code: int) -> list[Finding]:
    """Run the command, and read what it prints as JSON."""
    result = check(site, "--json")
    assert result.exit_code == exit_code, result.output
    report = json.loads(result.stdout)
    assert report["healthy"] is (exit_code == 0)
    return [Finding(**each) for each in report["findings"]]


def the_wrong_one(site: Site) -> Finding:
    """Return the only thing that is wrong."""
    (finding,) = (each for each in findings(site, 1) if each.level == "wrong")
    return finding


def visit(django: LiveDjango, number: int = 5, **data: Any) -> None:
    """Let Django write rows."""
    for visits in range(number):
        session = django.store()
        session.update({"num_visits": visits, **data})
        session.save()


@every_database
def test_a_table_of_django_s_own_rows_is_healthy(django: LiveDjango, make_site: MakeSite) -> None:
    visit(django)
    visit(django, text="x" * 200, _session_expiry=3600)
    found = findings(make_site(table=False), 0)
    assert {each.level for each in found} == {"ok"}
    assert "10 rows, 5 of them compressed." in [each.text for each in found]


def test_what_the_app_wrote_itself_is_healthy(site: Site) -> None:
    with site.app.app_context():
        session = site.sessions.session()
        session["num_visits"] = 1
        session.save()
    result = check(site)
    assert result.exit_code == 0
    assert result.stdout.endswith("\nNothing is wrong.\n")


@every_database
def test_a_table_that_the_app_made_is_healthy(site: Site) -> None:
    assert {each.level for each in findings(site, 0)} == {"ok"}


@pytest.mark.parametrize(
    ("journal", "is_noted"),
    [("delete", True), ("truncate", True), ("persist", True), ("wal", False), ("off", False)],
)
def test_a_file_of_sqlite_that_is_not_in_wal_mode_is_noted(
    make_site: MakeSite, journal: str, is_noted: bool
) -> None:
    site = make_site(table=False)
    with site.app.app_context():
        sa.event.listen(
            site.db.engine,
            "connect",
            lambda raw, _: raw.execute(f"PRAGMA journal_mode = {journal}"),
        )
        site.sessions.create_table()
    noted = [each for each in findings(site, 0) if each.level == "note"]
    assert [("not in WAL mode" in each.text) for each in noted] == [True] * is_noted
    assert all("docs/how-to/sqlite.md" in each.hint for each in noted)


def test_of_a_database_in_memory_no_journal_is_noted(make_site: MakeSite) -> None:
    assert {each.level for each in findings(make_site(SQLALCHEMY_DATABASE_URI="sqlite://"), 0)} == {
        "ok"
    }


@every_database
def test_a_missing_table_is_the_only_finding(make_site: MakeSite) -> None:
    (finding,) = findings(make_site(table=False), 1)
    assert finding.text == "Table 'django_session' is not in the database."
    assert finding.hint.startswith("Run 'manage.py migrate sessions' in the Django project")


@every_database
def test_a_missing_index_is_found_and_its_statement_mends_it(
    django: LiveDjango, make_site: MakeSite
) -> None:
    site = make_site(table=False)
    with site.app.app_context(), site.db.engine.begin() as connection:
        on_table = " ON django_session" if backend_of(django.url) == "mysql" else ""
        connection.exec_driver_sql(f"DROP INDEX django_session_expire_date_a5c62663{on_table}")
    finding = the_wrong_one(site)
    assert finding.text.startswith("No index begins with 'expire_date'")
    with site.app.app_context(), site.db.engine.connect() as connection:
        # Nobody is locked out while it runs, which is not possible inside a transaction.
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        alone.exec_driver_sql(finding.hint.removeprefix("Run: "))
    assert findings(site, 0)


ONLINE = {
    "sqlite": "CREATE INDEX django_session_expire_date_a5c62663 ON django_session (expire_date)",
    "postgresql": (
        "CREATE INDEX CONCURRENTLY django_session_expire_date_a5c62663"
        " ON django_session (expire_date)"
    ),
    "mysql": (
        "CREATE INDEX django_session_expire_date_a5c62663 ON django_session (expire_date)"
        " ALGORITHM=INPLACE LOCK=NONE"
    ),
}


@every_database
def test_the_statement_locks_nobody_out_where_the_database_can(site: Site) -> None:
    with site.app.app_context():
        store = site.sessions.store
        facts = expected_facts(store.engine, store.table)
        backend = store.engine.app_engine.url.get_backend_name()
    assert facts.create_index[("expire_date",)] == ONLINE[backend]
    if backend == "postgresql":
        assert facts.create_index[("session_key",)].startswith("CREATE INDEX CONCURRENTLY")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_index_whose_making_was_interrupted_is_none(site: Site) -> None:
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE pg_index SET indisvalid = false"
            " WHERE indexrelid = 'django_session_expire_date_a5c62663'::regclass"
        )
    text = the_wrong_one(site).text
    assert text.startswith("No index begins with 'expire_date'")
    assert "Index 'django_session_expire_date_a5c62663' exists, but it is unfinished." in text


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_an_index_of_some_rows_is_none(site: Site) -> None:
    name = "django_session_expire_date_a5c62663"
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP INDEX {name}")
        connection.exec_driver_sql(
            f"CREATE INDEX {name} ON django_session (expire_date) WHERE session_key > 'x'"
        )
    assert the_wrong_one(site).text.startswith("No index begins with 'expire_date'")


def test_columns_without_a_type_end_no_check(make_site: MakeSite) -> None:
    site = make_site(table=False)
    with site.app.app_context(), site.db.engine.begin() as connection:
        columns = "session_key, session_data, expire_date"
        connection.exec_driver_sql(f"CREATE TABLE django_session ({columns})")
    texts = [each.text for each in findings(site, 1)]
    assert "Column 'session_key' is 'of a type" in texts[0]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_missing_like_index_is_a_note(django: LiveDjango, make_site: MakeSite) -> None:
    site = make_site(table=False)
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX django_session_session_key_c0390e0f_like")
    (note,) = (each for each in findings(site, 0) if each.level == "note")
    assert "index for LIKE" in note.text
    assert "varchar_pattern_ops" in note.hint


def test_a_missing_column_is_found(database: Path, make_site: MakeSite) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY)")
    connection.close()
    texts = [each.text for each in findings(make_site(table=False), 1)]
    assert texts == ["Column 'session_data' is missing.", "Column 'expire_date' is missing."]


@every_database
def test_a_wrong_secret_key_is_found(django: LiveDjango, make_site: MakeSite) -> None:
    visit(django)
    finding = the_wrong_one(make_site(table=False, SECRET_KEY="another"))
    assert "SECRET_KEY differs from Django's" in finding.text


def test_a_key_that_was_rotated_away_is_found(
    clock: Traveller, django: LiveDjango, make_site: MakeSite
) -> None:
    with django.settings(SECRET_KEY="an older key"):
        visit(django)
    clock.shift(timedelta(days=1))
    visit(django)
    finding = the_wrong_one(make_site(table=False))
    assert finding.text.startswith("5 rows were signed with none of the keys, the last at 2026-11")
    assert "the key was changed" in finding.text
    mended = make_site(table=False, SECRET_KEY_FALLBACKS=["an older key"])
    assert "5 rows were signed with SECRET_KEY_FALLBACKS[0]." in str(findings(mended, 0))


@every_database
def test_a_time_zone_that_is_off_by_five_hours_is_found(
    clock: Traveller, django: LiveDjango, make_site: MakeSite
) -> None:
    with django.settings(USE_TZ=False, TIME_ZONE="America/New_York"):  # five hours in November
        visit(django)
    site = make_site(table=False)
    if django.url.get_backend_name() == "postgresql":  # its column knows time zones
        findings(site, 0)
        return
    finding = the_wrong_one(site)
    assert finding.text.startswith("expire_date is off by -5:00 hours in 5 rows, of 5 examined")
    assert "set USE_TZ = False" in finding.hint


def test_the_time_zone_of_the_mend_mends_it(
    clock: Traveller, django: LiveDjango, make_site: MakeSite
) -> None:
    with django.settings(USE_TZ=False, TIME_ZONE="America/New_York"):
        visit(django)
    assert findings(make_site(table=False, USE_TZ=False, TIME_ZONE="America/New_York"), 0)


def test_pickles_are_found(django: LiveDjango, make_site: MakeSite) -> None:
    pickles = "flask_dj_session.wire.pickles.PickleSerializer"
    with django.settings(SESSION_SERIALIZER=pickles):  # Django's own left with 5.0
        visit(django)
    finding = the_wrong_one(make_site(table=False))
    assert finding.text == "5 rows are pickles, and this app's SESSION_SERIALIZER reads JSON."
    assert findings(make_site(table=False, SESSION_SERIALIZER=pickles), 0)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("substr(session_data, 1, 20)", id="cut short"),
        pytest.param("'x' || session_data", id="a character too many"),
        pytest.param("CAST(x'ff00' AS BLOB)", id="bytes"),
        pytest.param("''", id="empty"),
    ],
)
def test_corrupted_rows_are_found(
    change: str, django: LiveDjango, database: Path, make_site: MakeSite
) -> None:
    visit(django)
    with sqlite3.connect(database) as connection:
        connection.execute(
            f"UPDATE django_session SET session_data = {change}"
            " WHERE session_key = (SELECT min(session_key) FROM django_session)"
        )
        (key,) = connection.execute("SELECT min(session_key) FROM django_session").fetchone()
    connection.close()
    finding = the_wrong_one(make_site(table=False))
    assert finding.text.startswith("1 row is corrupted")
    assert f": {key[:6]}…." in finding.text
    assert key not in finding.text


def test_a_date_that_is_none_is_found(
    django: LiveDjango, database: Path, make_site: MakeSite
) -> None:
    visit(django)
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE django_session SET expire_date = 'soon' WHERE rowid = 1")
    connection.close()
    text = the_wrong_one(make_site(table=False)).text
    assert text.startswith("1 row has no date in 'expire_date': ")


@pytest.fixture
def golden_site(database: Path, make_site: MakeSite) -> Callable[..., Site]:
    """Return what makes an app on the copy of a golden database."""

    def make(golden: Golden, **config: Any) -> Site:
        shutil.copy(GOLDEN / f"{golden['name']}.sqlite3", database)
        settings = {
            "SECRET_KEY": golden["secret_key"],
            "SESSION_SERIALIZER": golden["serializer"],
            "USE_TZ": golden["use_tz"],
            "TIME_ZONE": golden["time_zone"],
            "SESSION_COOKIE_AGE": 60 * 365 * 24 * 3600,
        }
        return make_site(table=False, **{**settings, **config})

    return make


def is_old(golden: Golden) -> bool:
    version = tuple(map(int, golden["django"].split(".")[:2]))
    return version < (3, 1) or golden["rows"][0]["session_data"].count(":") == 0


#: its settings were given to settings.configure(), which sets no clock: its dates are in UTC
ON_UTC = "django-3.2.25-tz0"
HEALTHY = [golden for golden in ALL if golden["name"] != ON_UTC]


@pytest.mark.slow
@pytest.mark.parametrize("golden", HEALTHY, ids=[golden["name"] for golden in HEALTHY])
def test_the_rows_of_every_django_are_healthy_under_its_settings(
    golden: Golden, golden_site: Callable[..., Site], clock: Traveller
) -> None:
    algorithm = "sha1" if is_old(golden) else "sha256"
    assert findings(golden_site(golden, DEFAULT_HASHING_ALGORITHM=algorithm), 0)


def test_dates_that_are_not_on_the_clock_of_the_settings_are_found(
    golden_site: Callable[..., Site], clock: Traveller
) -> None:
    finding = the_wrong_one(golden_site(load(GOLDEN / f"{ON_UTC}.json")))
    assert finding.text.startswith("expire_date is off by +6:00 hours in 15 rows, of 15 examined")
    assert finding.hint.startswith("Django's dates are in UTC")


@pytest.mark.parametrize("name", ["django-2.2.28", "django-3.0.14", "django-1.11.29-tz0"])
def test_rows_of_a_django_that_cannot_read_the_new_form_are_found(
    name: str, golden_site: Callable[..., Site], clock: Traveller
) -> None:
    finding = the_wrong_one(golden_site(load(GOLDEN / f"{name}.json")))
    assert "which a Django before 3.1 cannot read" in finding.text
    assert finding.hint.startswith("Set DEFAULT_HASHING_ALGORITHM = 'sha1'")


@pytest.mark.slow
def test_rows_of_the_old_pickles_are_found(
    golden_site: Callable[..., Site], clock: Traveller
) -> None:
    site = golden_site(load(GOLDEN / "django-1.6.11-pickle.json"), SESSION_SERIALIZER="json")
    assert any("rows are pickles" in each.text for each in findings(site, 1))


def test_findings_are_printed_with_their_mends(make_site: MakeSite) -> None:
    result = check(make_site(table=False))
    assert result.exit_code == 1
    assert result.stdout == (
        "wrong Table 'django_session' is not in the database.\n"
        "      Run 'manage.py migrate sessions' in the Django project, or create it here with"
        " 'flask sessions create-table' ('sessions.create_table()' in code). If Django has the"
        " table already, this app uses another database: compare 'SQLALCHEMY_DATABASE_URI' with its"
        " DATABASES.\n\n1 wrong.\n"
    )


def test_no_secret_is_printed(django: LiveDjango, make_site: MakeSite) -> None:
    visit(django, password="hunter2")
    site = make_site(table=False, SECRET_KEY="an0ther", SECRET_KEY_FALLBACKS=["an even 0lder"])
    with site.app.app_context():
        session_key = site.rows()[0].session_key
    for secret in ["an0ther", "0lder", "hunter2", session_key]:
        assert secret not in check(site).output


WriteSettings = Callable[..., str]


@pytest.fixture
def write_settings(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WriteSettings]:
    """Return what writes a settings module that fits *site* but for what it is given."""
    monkeypatch.syspath_prepend(tmp_path)
    written: list[str] = []

    def write(**values: Any) -> str:
        url = sa.make_url(site.app.config["SQLALCHEMY_DATABASE_URI"])
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": url.database}
        values = {"SECRET_KEY": SECRET_KEY, "DATABASES": {"default": database}, **values}
        written.append(f"shop_settings_{len(written)}")
        lines = [f"{name} = {value!r}" for name, value in values.items()]
        (tmp_path / f"{written[-1]}.py").write_text("\n".join(lines))
        return written[-1]

    yield write
    for module in written:
        sys.modules.pop(module, None)


def test_djangos_settings_are_compared(
    site: Site, write_settings: WriteSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreeing = write_settings(USE_TZ=True)
    assert "The Django settings agree" in check(site, "--django-settings", agreeing).stdout
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", write_settings(SESSION_COOKIE_NAME="sid"))
    assert the_wrong_one(site).text.startswith("SESSION_COOKIE_NAME is 'sessionid' here, 'sid'")


def test_a_settings_module_that_cannot_be_used_is_one_line(site: Site) -> None:
    result = check(site, "--django-settings", "missing")
    assert result.exit_code == 1
    assert result.output.startswith("Error: 'DJANGO_SETTINGS_MODULE' is 'missing', but ")
    assert result.output.count("\n") == 1


def test_settings_of_logins_in_an_app_without_a_login_are_noted(make_site: MakeSite) -> None:
    site = make_site(SESSION_ABSOLUTE_AGE=60, SESSION_MAX_PER_USER=3)
    with site.app.app_context():
        session = site.sessions.session()
        session.update({"_auth_user_id": "1", "_auth_login_time": 1})
        session.save()
    (text,) = _notes(site)
    assert text.startswith("SESSION_ABSOLUTE_AGE, SESSION_MAX_PER_USER have no effect")
    DjangoAuth(site.sessions)
    assert "older than SESSION_ABSOLUTE_AGE" in " ".join(_notes(site))


def _notes(site: Site) -> list[str]:
    report = json.loads(check(site, "--json").stdout)
    return [each["text"] for each in report["findings"] if each["level"] == "note"]


def test_an_app_without_the_extension_is_told_so() -> None:
    from flask_dj_session.cli.check import check as command

    app = Flask("tests.bare")
    app.cli.add_command(command)
    result = app.test_cli_runner().invoke(args=["check"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: The app's 'session_interface' is not")


@pytest.fixture
def many(site: Site) -> Iterator[Site]:
    """Return a site with 250 rows, in its context."""
    values = [
        {"session_key": f"key{number:05}", "session_data": "?", "expire_date": NOW}
        for number in range(250)
    ]
    with site.app.app_context():
        with site.db.engine.begin() as connection:
            connection.execute(sa.insert(site.sessions.store.table), values)
        yield site


@every_database
@pytest.mark.parametrize("page_size", [1, 100, 125, 250, 300])
def test_pages_hold_every_row_once(many: Site, page_size: int) -> None:
    store = many.sessions.store
    read = list(store.pages(size=page_size))
    assert [row.session_key for page in read for row in page] == [f"key{n:05}" for n in range(250)]
    assert {row.expire_date for page in read for row in page} == {NOW}
    assert max(map(len, read)) <= page_size
    assert store.count() == 250


def test_a_terminal_sees_a_progress_bar(many: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["flask_dj_session.cli.check"], "PAGE_SIZE", 100)
    with many.app.test_cli_runner().isolation() as (_, stderr, *_rest):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        with pytest.raises(SystemExit):
            many.app.cli.main(["sessions", "check"], "flask", obj=None)
        assert b"Reading rows" in stderr.getvalue()
