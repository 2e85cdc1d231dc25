"""``django_process``: a real Django beside the test, which goes when the test does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions
from flask_dj_session.pytest_plugin import DjangoProcess, MakeClient, MakeSession, MakeUser, process
from flask_dj_session.pytest_plugin.databases import django_entry
from flask_dj_session.pytest_plugin.process import begin, run

pytestmark = pytest.mark.process


@pytest.fixture
def django_process_settings() -> dict[str, Any]:
    """Have the pages of a project served."""
    return {"ROOT_URLCONF": "tests.pytest_plugin.project"}


def test_a_real_django_sees_the_session_and_goes_on_with_it(
    django_process: DjangoProcess, django_session_client: MakeClient, django_session: MakeSession
) -> None:
    key = django_session({"n": 41})
    assert django_process.session(key).data == {"n": 41}
    assert django_process.update(key, colour="blue").session_key == key
    assert django_session_client(session_key=key).get("/").json == {"n": 41, "colour": "blue"}


def test_a_session_begun_in_django_is_the_apps(
    django_process: DjangoProcess, django_session_client: MakeClient
) -> None:
    key = django_process.update(n=1).session_key
    assert django_session_client(session_key=key).get("/count").text == "2"
    cycled = django_process.cycle_key(key).session_key
    assert cycled not in (key, None)
    assert django_process.session(key).session_key is None


def test_django_says_with_its_status_what_it_does_not_know(django_process: DjangoProcess) -> None:
    assert django_process.get("/nowhere").status == 404


def test_a_user_is_djangos_and_can_log_in_there(
    app: Flask, django_user: MakeUser, django_process: DjangoProcess
) -> None:
    user = django_user("ann", password="correct horse")
    answer = django_process.login("ann", "correct horse")
    assert (answer.user, answer.data["_auth_user_id"]) == ("ann", str(user.pk))
    assert django_process.login("ann", "wrong").user is None
    assert django_process.logout(answer.session_key).data == {}


def test_a_session_of_a_user_is_a_login_to_django(
    django_user: MakeUser, django_session: MakeSession, django_process: DjangoProcess
) -> None:
    ann = django_user("ann")
    assert django_process.session(django_session({"n": 1}, user=ann)).user == "ann"
    gone = django_user("joe", is_active=False)
    assert django_process.session(django_session(user=gone)).user is None


def test_a_page_of_a_project_is_served_with_its_sessions(
    django_process: DjangoProcess, django_session: MakeSession
) -> None:
    key = django_session({"n": 41})
    assert django_process.get("/count", key).text == "42"
    assert django_process.post("/say", key, word="hello").text == "hello 42"
    moved = django_process.get("/away", key)
    assert (moved.status, moved.headers["Location"]) == (302, "/count")
    assert django_process.session(key).data == {"n": 42}


def test_a_setting_that_django_cannot_use_is_told_with_what_django_said(
    app: Flask, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)Django did not start.*'no_such_app'"):  # noqa: SIM117
        with run(app, tmp_path, {"INSTALLED_APPS": ["no_such_app"]}):
            pass


def test_it_ends_when_the_tests_do_even_if_they_are_killed(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "log").open("wb") as log:
        django = begin(log)
    monkeypatch.setattr(process, "begin", lambda log: django)
    with run(app, tmp_path, {}):
        assert django.stdin is not None
        django.stdin.close()  # which is all that is left to happen then
        django.stdin = None
        assert django.wait(timeout=60) == 0


def test_a_database_in_memory_is_refused(tmp_path: Path) -> None:
    app = Flask("somebodys_app")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI="sqlite://")
    DjangoSessions(app, SQLAlchemy(app))
    with (
        app.app_context(),
        pytest.raises(ValueError, match="in memory, where no other process can find it"),
        run(app, tmp_path, {}),
    ):
        pass


ENTRIES = [
    (
        "sqlite:////srv/db.sqlite3?timeout=3",
        {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": "/srv/db.sqlite3",
            "OPTIONS": {"timeout": 3.0},
        },
    ),
    (
        "postgresql+psycopg://ann:secret@db/shop?sslmode=require",
        {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "shop",
            "USER": "ann",
            "PASSWORD": "secret",
            "HOST": "db",
            "OPTIONS": {"sslmode": "require"},
        },
    ),
    (
        "mysql+pymysql://ann@db:3307/shop?unix_socket=/run/db.sock",
        {
            "ENGINE": "django.db.backends.mysql",
            "NAME": "shop",
            "USER": "ann",
            "HOST": "db",
            "PORT": 3307,
            "OPTIONS": {"unix_socket": "/run/db.sock"},
        },
    ),
    (
        "mariadb+mariadbconnector://ann@db/shop?unix_socket=/run/db.sock&ssl_verify_cert=1",
        {
            "ENGINE": "django.db.backends.mysql",
            "NAME": "shop",
            "USER": "ann",
            "HOST": "db",
            "OPTIONS": {"unix_socket": "/run/db.sock"},
        },
    ),
    (
        "mysql+mysqlconnector://ann@db/shop?use_pure=1&charset=utf8mb4",
        {
            "ENGINE": "django.db.backends.mysql",
            "NAME": "shop",
            "USER": "ann",
            "HOST": "db",
            "OPTIONS": {"charset": "utf8mb4"},
        },
    ),
    (
        "postgresql+pg8000://ann@db/shop?application_name=shop",
        {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "shop",
            "USER": "ann",
            "HOST": "db",
            "OPTIONS": {"application_name": "shop"},
        },
    ),
]


@pytest.mark.parametrize(("url", "entry"), ENTRIES, ids=lambda value: str(value).partition(":")[0])
def test_a_database_is_told_to_django_with_its_options(url: str, entry: dict[str, Any]) -> None:
    assert django_entry(sa.make_url(url)) == entry
