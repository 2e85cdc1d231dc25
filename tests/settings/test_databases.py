"""DATABASES: where each of Django's engines leads."""

from __future__ import annotations

import importlib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session.errors import SettingError
from flask_dj_session.settings.databases import sqlalchemy_settings

_BACKENDS = "django.db.backends."
_GIS = "django.contrib.gis.db.backends."


def _read(engine: str, *, use_tz: bool = True, **values: Any) -> dict[str, Any]:
    engine = engine if "." in engine else _BACKENDS + engine
    return sqlalchemy_settings({"default": {"ENGINE": engine, **values}}, "default", use_tz=use_tz)


def _url(engine: str, **values: Any) -> str:
    url: str = _read(engine, **values)["SQLALCHEMY_DATABASE_URI"]
    return url


def _refusal(engine: str, **values: Any) -> str:
    with pytest.raises(SettingError, match=r"^'DATABASES' has an entry 'default' with ") as caught:
        _read(engine, **values)
    return str(caught.value).removeprefix("'DATABASES' has an entry 'default' with ")


Installed = Callable[..., None]


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Installed:
    """Return what lets drivers be installed, and no others."""
    modules = tmp_path / "modules"
    modules.mkdir()
    monkeypatch.syspath_prepend(modules)

    def install(*names: str) -> None:
        for name in ("psycopg", "psycopg2", "MySQLdb", "pymysql"):
            monkeypatch.setitem(sys.modules, name, None)
            if name in names:
                monkeypatch.delitem(sys.modules, name)
                (modules / f"{name}.py").touch()

    install("psycopg", "pymysql")
    return install


@pytest.fixture
def engines() -> Iterator[list[sa.Engine]]:
    """Close in the end what a test opened."""
    opened: list[sa.Engine] = []
    yield opened
    for engine in opened:
        engine.dispose()


def _open(settings: dict[str, Any], engines: list[sa.Engine]) -> sa.Connection:
    """Connect as Flask-SQLAlchemy does."""
    app = Flask("tests")
    app.config.from_mapping(settings)
    db = SQLAlchemy(app)
    with app.app_context():
        engines.append(db.engine)
        return db.engine.connect()


@pytest.mark.parametrize(
    ("engine", "driver"),
    [
        (_BACKENDS + "sqlite3", "sqlite"),
        (_BACKENDS + "postgresql", "postgresql+psycopg"),
        (_BACKENDS + "postgresql_psycopg2", "postgresql+psycopg"),
        (_BACKENDS + "mysql", "mysql+pymysql"),
        (_GIS + "spatialite", "sqlite"),
        (_GIS + "postgis", "postgresql+psycopg"),
        (_GIS + "mysql", "mysql+pymysql"),
    ],
)
def test_djangos_engines_have_a_driver(engine: str, driver: str) -> None:
    assert _url(engine, NAME="site").startswith(f"{driver}://")


@pytest.mark.parametrize("engine", [_BACKENDS + "oracle", _BACKENDS + "dummy", "mssql", "a.b"])
def test_another_engine_is_refused_by_its_name(engine: str) -> None:
    settings = {"default": {"ENGINE": engine, "NAME": "site"}}
    with pytest.raises(SettingError, match=f"engine '{engine}', .* does not know .*using=None"):
        sqlalchemy_settings(settings, "default", use_tz=True)


@pytest.mark.parametrize(
    ("engine", "hint"),
    [
        ("postgresql", "Run 'pip install flask-dj-session[postgresql]'."),
        ("mysql", "Run 'pip install flask-dj-session[mysql]'."),
    ],
)
def test_a_missing_driver_is_named_with_the_extra(
    engine: str, hint: str, installed: Installed
) -> None:
    installed()
    message = _refusal(engine, NAME="site")
    assert message.endswith(f"database, but no driver for it is installed here. {hint}")


@pytest.mark.parametrize(
    ("modules", "postgresql", "mysql"),
    [
        (["psycopg", "psycopg2", "MySQLdb", "pymysql"], "psycopg", "mysqldb"),
        (["psycopg2", "pymysql"], "psycopg2", "pymysql"),
    ],
    ids=["all", "the others"],
)
def test_the_driver_is_the_one_that_django_takes_of_those_that_are_installed(
    modules: list[str], postgresql: str, mysql: str, installed: Installed
) -> None:
    installed(*modules)
    assert _url("postgresql", NAME="site") == f"postgresql+{postgresql}:///site"
    assert _url("mysql", NAME="site") == f"mysql+{mysql}:///site?charset=utf8mb4"


def test_a_driver_that_cannot_be_imported_is_not_installed(
    installed: Installed, tmp_path: Path
) -> None:
    installed("psycopg", "psycopg2")
    code = "raise ImportError('no pq wrapper available')"
    (tmp_path / "modules" / "psycopg.py").write_text(code)
    assert _url("postgresql", NAME="site").startswith("postgresql+psycopg2://")


def test_pymysql_in_the_place_of_mysqlclient_is_pymysql(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed("pymysql")
    monkeypatch.setitem(sys.modules, "MySQLdb", importlib.import_module("pymysql"))
    assert _url("mysql", NAME="site").startswith("mysql+pymysql://")


@pytest.mark.parametrize("engine", ["sqlite3", "postgresql", "mysql"])
def test_a_database_without_a_name_is_refused(engine: str) -> None:
    assert _refusal(engine).startswith("no NAME. Give ")


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_a_port_may_be_a_number_or_digits_but_nothing_else(engine: str) -> None:
    numbers = [_url(engine, NAME="site", HOST="db", PORT=port) for port in (7, "7")]
    assert numbers[0] == numbers[1]
    assert sa.make_url(numbers[0]).port == 7
    assert _refusal(engine, NAME="site", HOST="db", PORT="x").startswith(
        "a PORT that is not a number"
    )


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_what_is_not_given_is_left_to_the_driver(engine: str) -> None:
    url = sa.make_url(_url(engine, NAME="site", USER="", PASSWORD=None, HOST="", PORT=""))
    assert (url.username, url.password, url.host, url.port) == (None, None, None, None)


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_an_option_that_no_url_can_carry_is_refused_by_its_name(engine: str) -> None:
    message = _refusal(engine, NAME="site", OPTIONS={"special": object()})
    assert message.startswith("the option 'special', which is neither text nor a number. Read")


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_a_password_among_the_options_is_a_password(engine: str) -> None:
    url = sa.make_url(_url(engine, NAME="site", USER="u", OPTIONS={"password": "p"}))
    assert url.password == "p"
    assert "password" not in url.query


# SQLite


@pytest.mark.parametrize(
    "name",
    ["db.sqlite3", "a b", "a%20b", "100%", "a?b", "a?b%3Fc", "a#b", "a@b:c", "a+b", "ü", "a&b=c"],
)
def test_a_file_of_any_name_is_found(name: str, tmp_path: Path, engines: list[sa.Engine]) -> None:
    with sqlite3.connect(tmp_path / name) as connection:
        connection.execute("CREATE TABLE here (id)")
    connection.close()
    with _open(_read("sqlite3", NAME=tmp_path / name), engines) as opened:
        assert sa.inspect(opened).get_table_names() == ["here"]


def test_a_path_may_be_text_or_a_path() -> None:
    assert _url("sqlite3", NAME="/srv/db") == _url("sqlite3", NAME=Path("/srv/db"))


@pytest.mark.parametrize("name", ["db.sqlite3", "file:db.sqlite3", "file:db.sqlite3?mode=rwc"])
def test_a_relative_path_is_meant_from_the_current_directory(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engines: list[sa.Engine]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = _read("sqlite3", NAME=name)
    monkeypatch.chdir("/")
    with _open(settings, engines) as opened:
        opened.exec_driver_sql("CREATE TABLE here (id)")
    assert (tmp_path / "db.sqlite3").exists()


@pytest.mark.parametrize("slashes", ["", "//", "//localhost"])
def test_a_uri_keeps_its_parameters(slashes: str, tmp_path: Path, engines: list[sa.Engine]) -> None:
    sqlite3.connect(tmp_path / "a?b").close()
    uri = f"file:{slashes}{tmp_path}/a%3Fb?mode=ro#fragment"
    with (
        _open(_read("sqlite3", NAME=uri), engines) as opened,
        pytest.raises(sa.exc.OperationalError, match="readonly"),
    ):
        opened.exec_driver_sql("CREATE TABLE here (id)")


def test_a_database_in_memory_is_one_of_the_apps_own(engines: list[sa.Engine]) -> None:
    with _open(_read("sqlite3", NAME=":memory:"), engines) as opened:
        assert sa.inspect(opened).get_table_names() == []


@pytest.mark.parametrize(
    "name", ["file::memory:", "file::memory:?cache=shared", "file:a?mode=memory"]
)
def test_a_database_in_another_processs_memory_is_refused(name: str) -> None:
    assert _refusal("sqlite3", NAME=name).startswith("a database in memory, ")


def test_only_sqlites_timeout_is_not_djangos_own_affair() -> None:
    options = {"timeout": 20, "init_command": "PRAGMA x", "transaction_mode": "IMMEDIATE"}
    assert _url("sqlite3", NAME="/srv/db", OPTIONS=options) == "sqlite:////srv/db?timeout=20"


@pytest.mark.parametrize("engine", ["sqlite3", "mysql"])
def test_local_time_in_spite_of_use_tz_is_refused(engine: str) -> None:
    message = _refusal(engine, NAME="site", TIME_ZONE="Europe/Prague")
    assert message.startswith("a TIME_ZONE, ")
    assert message.endswith("Set 'USE_TZ' to False and 'TIME_ZONE' to 'Europe/Prague', too.")
    assert _read(engine, NAME="site", TIME_ZONE="UTC")
    assert _read(engine, NAME="site", TIME_ZONE="Europe/Prague", use_tz=False)


# PostgreSQL


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"NAME": "site"}, "/site"),
        ({"NAME": "site", "USER": "u", "HOST": "db", "PORT": 6432}, "u@db:6432/site"),
        ({"NAME": "site", "USER": "u", "PASSWORD": "p@:/?#%"}, "u:p%40%3A%2F%3F%23%25@/site"),
        ({"NAME": "site", "HOST": "::1", "PORT": "5432"}, "[::1]:5432/site"),
        ({"NAME": "site", "HOST": "/run/pg"}, "/site?host=%2Frun%2Fpg"),
        ({"NAME": "site", "HOST": "/run/pg", "PORT": 7}, ":7/site?host=%2Frun%2Fpg"),
        ({"NAME": "site", "HOST": "a,b", "PORT": "1,2"}, "/site?host=a%2Cb&port=1%2C2"),
        ({"NAME": "site", "HOST": "a,b", "PORT": "7"}, "/site?host=a%2Cb&port=7%2C7"),
        ({"NAME": "site", "HOST": "a,b"}, "/site?host=a%2Cb"),
        ({"NAME": "a?b", "HOST": "db"}, "db/?dbname=a%3Fb"),
        ({"OPTIONS": {"service": "s", "passfile": Path("/p")}}, "/?service=s&passfile=%2Fp"),
        ({"NAME": "site", "OPTIONS": {"sslmode": "require"}}, "/site?sslmode=require"),
        ({"NAME": "site", "OPTIONS": {"keepalives": True}}, "/site?keepalives=1"),
        ({"NAME": "site", "OPTIONS": {"sslcert": None, "options": ""}}, "/site"),
        ({"NAME": "site", "OPTIONS": {"assume_role": "r"}}, "/site?options=-c+role%3Dr"),
        (
            {"NAME": "site", "OPTIONS": {"assume_role": "r s", "options": "-c a=b"}},
            "/site?options=-c+a%3Db+-c+role%3Dr%5C+s",
        ),
    ],
)
def test_postgresql(values: dict[str, Any], url: str) -> None:
    assert _url("postgresql", **values) == f"postgresql+psycopg://{url}"


def test_how_django_uses_its_connections_to_postgresql_is_left_out() -> None:
    own = {"pool": {"min_size": 2}, "server_side_binding": True, "isolation_level": 3}
    assert _url("postgresql", NAME="site", OPTIONS=own) == "postgresql+psycopg:///site"


@pytest.mark.parametrize(("options", "threshold"), [({}, None), ({"prepare_threshold": 3}, 3)])
def test_statements_are_prepared_only_where_django_would(
    options: dict[str, Any], threshold: int | None
) -> None:
    settings = _read("postgresql", NAME="site", OPTIONS=options)
    assert settings["SQLALCHEMY_ENGINE_OPTIONS"] == {
        "connect_args": {"prepare_threshold": threshold}
    }


def test_psycopg2_which_prepares_nothing_is_not_told_about_it(installed: Installed) -> None:
    installed("psycopg2")
    options = {"prepare_threshold": 3, "sslpassword": "hush"}
    settings = _read("postgresql", NAME="site", OPTIONS=options)
    assert settings["SQLALCHEMY_ENGINE_OPTIONS"] == {"connect_args": {"sslpassword": "hush"}}


def test_the_password_of_a_key_file_is_not_shown_in_the_url() -> None:
    settings = _read("postgresql", NAME="site", OPTIONS={"sslpassword": "hush"})
    assert "hush" not in settings["SQLALCHEMY_DATABASE_URI"]
    assert settings["SQLALCHEMY_ENGINE_OPTIONS"]["connect_args"]["sslpassword"] == "hush"


# MySQL and MariaDB


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"NAME": "site"}, "/site?charset=utf8mb4"),
        ({"NAME": "site", "HOST": "localhost"}, "localhost/site?charset=utf8mb4"),
        ({"NAME": "site", "USER": "u", "HOST": "db", "PORT": 7}, "u@db:7/site?charset=utf8mb4"),
        ({"NAME": "site", "HOST": "/run/s"}, "/site?charset=utf8mb4&unix_socket=%2Frun%2Fs"),
        ({"NAME": "a?b"}, "/?charset=utf8mb4&database=a%3Fb"),
        ({"NAME": "site", "OPTIONS": {"charset": "utf8"}}, "/site?charset=utf8"),
        (
            {"OPTIONS": {"read_default_file": Path("/my.cnf")}},
            "/?charset=utf8mb4&read_default_file=%2Fmy.cnf",
        ),
        ({"NAME": "site", "OPTIONS": {"isolation_level": None}}, "/site?charset=utf8mb4"),
        (
            {"NAME": "site", "OPTIONS": {"ssl": {"ca": Path("/ca"), "key": None}}},
            "/site?charset=utf8mb4&ssl_ca=%2Fca",
        ),
    ],
)
def test_mysql(values: dict[str, Any], url: str) -> None:
    assert _url("mysql", **values) == f"mysql+pymysql://{url}"


def test_ssl_mode_is_mysqlclients_own_word(installed: Installed) -> None:
    installed("MySQLdb")
    url = _url("mysql", NAME="site", OPTIONS={"ssl_mode": "REQUIRED"})
    assert url == "mysql+mysqldb:///site?charset=utf8mb4&ssl_mode=REQUIRED"


@pytest.mark.parametrize(
    ("option", "driver"), [("multi_statements", "mysqldb"), ("program_name", "pymysql")]
)
def test_of_two_drivers_the_one_is_taken_that_knows_the_options(
    installed: Installed, option: str, driver: str
) -> None:
    installed("MySQLdb", "pymysql")
    assert _url("mysql", NAME="site", OPTIONS={option: "x"}).startswith(f"mysql+{driver}://")


@pytest.mark.parametrize(
    ("option", "module", "driver"),
    [("multi_statements", "pymysql", "pymysql"), ("program_name", "MySQLdb", "mysqldb")],
)
def test_an_option_that_the_driver_does_not_know_is_refused_by_its_name(
    installed: Installed, option: str, module: str, driver: str
) -> None:
    installed(module)
    message = _refusal("mysql", NAME="site", OPTIONS={option: "x"})
    assert message.startswith(f"the option '{option}', which the driver that is installed here")
    assert f"'mysql+{driver}'" in message


def test_numbers_that_a_url_would_make_text_of_stay_what_they_are(installed: Installed) -> None:
    installed("MySQLdb")
    options = {"connect_timeout": 3, "multi_statements": False, "charset": "utf8"}
    settings = _read("mysql", NAME="site", OPTIONS=options)
    url = sa.make_url(settings["SQLALCHEMY_DATABASE_URI"])
    _, found = url.get_dialect()().create_connect_args(url)
    apart = settings["SQLALCHEMY_ENGINE_OPTIONS"]["connect_args"]
    assert {**found, **apart}.items() >= options.items()


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({"ssl_mode": "DISABLED"}, {"ssl_disabled": "true"}),
        ({"ssl_mode": "PREFERRED"}, {}),
        ({"ssl_mode": "REQUIRED"}, {"ssl": {"check_hostname": False}}),
        (
            {"ssl_mode": "VERIFY_CA", "ssl": {"ca": "/ca"}},
            {"ssl": {"ca": "/ca", "check_hostname": False}},
        ),
        (
            {"ssl_mode": "verify_identity", "ssl": {"ca": "/ca"}},
            {"ssl": {"ca": "/ca", "check_hostname": True}},
        ),
    ],
)
def test_ssl_mode_is_put_into_pymysqls_words(
    options: dict[str, Any], arguments: dict[str, Any]
) -> None:
    url = sa.make_url(_url("mysql", NAME="site", OPTIONS=options))
    _, found = url.get_dialect()().create_connect_args(url)
    assert {name: found[name] for name in found if name.startswith("ssl")} == arguments


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"ssl": True}, "the option 'ssl', which is not a dict"),
        ({"ssl": {"verify_mode": "none"}}, "'verify_mode' in the option 'ssl', which"),
        ({"ssl_mode": "MAYBE"}, "the 'ssl_mode' 'MAYBE'. Give one of these: 'DISABLED', "),
        ({"ssl_mode": "VERIFY_IDENTITY"}, "the 'ssl_mode' 'VERIFY_IDENTITY', but no CA"),
    ],
)
def test_encryption_that_would_be_another_is_refused(options: dict[str, Any], problem: str) -> None:
    assert _refusal("mysql", NAME="site", OPTIONS=options).startswith(problem)
