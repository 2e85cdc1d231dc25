"""The extension: one object, many apps, nothing before it is needed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy

import flask_dj_session
from flask_dj_session import DjangoSession, DjangoSessions
from flask_dj_session.errors import SettingError

from .conftest import MakeSite


def _app(**config: Any) -> Flask:
    app = Flask("tests")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI="sqlite://", **config)
    return app


def test_the_public_names_are_there() -> None:
    assert set(flask_dj_session.__all__) == {
        "AbstractSession",
        "CreateError",
        "DjangoSession",
        "DjangoSessions",
        "SessionCodec",
        "SessionInterrupted",
        "UpdateError",
        "django_settings",
        "session_corrupted",
        "session_created",
        "session_cycled",
        "session_flushed",
    }


def test_an_app_factory_registers_with_init_app() -> None:
    db, sessions, app = SQLAlchemy(), DjangoSessions(), _app()
    db.init_app(app)
    sessions.init_app(app, db)
    with app.app_context():
        sessions.create_table()
        sessions.session().save()
        assert len(db.session.scalars(db.select(sessions.model)).all()) == 1
        db.session.remove()
        db.engine.dispose()


def test_init_app_may_come_before_the_databases() -> None:
    db = SQLAlchemy()
    sessions, app = DjangoSessions(db=db), _app()
    sessions.init_app(app)
    db.init_app(app)
    with app.app_context():
        sessions.create_table()
        sessions.session().save()
        db.engine.dispose()


def test_two_apps_share_an_extension_and_keep_their_settings_apart() -> None:
    db, sessions = SQLAlchemy(), DjangoSessions()
    apps = [_app(SESSION_COOKIE_AGE=age) for age in (11, 22)]
    for app in apps:
        db.init_app(app)
        sessions.init_app(app, db)
    ages = []
    for app in apps:
        with app.app_context():
            ages.append(sessions.session().get_expiry_age())
            db.engine.dispose()
    assert ages == [11, 22]


def test_one_app_needs_no_context_for_a_session_outside_a_request(make_site: MakeSite) -> None:
    site = make_site()
    one = site.sessions.session()
    one["a"] = 1
    one.save()
    assert site.sessions.session(one.session_key)["a"] == 1


def test_without_a_database_object_the_error_says_what_to_pass() -> None:
    with pytest.raises(TypeError, match=r"'db' is missing.*init_app\(app, db\)"):
        DjangoSessions().init_app(_app())


def test_what_is_no_database_of_flask_sqlalchemys_is_named() -> None:
    said = r"'db' is a sqlalchemy\.engine\.base\.Engine\. Pass the SQLAlchemy object of Flask-SQL"
    db: Any = sa.create_engine("sqlite://")
    for attempt in (
        lambda: DjangoSessions(db=db),
        lambda: DjangoSessions(_app(), db),
        lambda: DjangoSessions().init_app(_app(), db),
    ):
        with pytest.raises(TypeError, match=said):
            attempt()


def test_a_second_registration_is_refused() -> None:
    app = _app()
    db = SQLAlchemy(app)
    DjangoSessions(app, db)
    with pytest.raises(RuntimeError, match="already registered"):
        DjangoSessions(app, db)


def test_a_table_that_the_app_maps_itself_is_an_error_that_says_what_to_pass() -> None:
    db = SQLAlchemy()
    db.Table("django_session", db.Column("session_key", db.String(40), primary_key=True))
    with pytest.raises(RuntimeError, match="model="):
        DjangoSessions(db=db)


def test_an_unknown_app_is_an_error_that_names_init_app() -> None:
    with pytest.raises(RuntimeError, match="init_app"):
        DjangoSessions().session()


def test_a_wrong_setting_is_refused_at_init_app() -> None:
    app = _app(SESSION_COOKIE_AGE="a week")
    with pytest.raises(SettingError, match="'SESSION_COOKIE_AGE' is 'a week'"):
        DjangoSessions(app, SQLAlchemy(app))


def test_another_database_is_chosen_by_its_bind_key(make_site: MakeSite, tmp_path: Any) -> None:
    other = tmp_path / "other.sqlite3"
    site = make_site(
        extension={"bind_key": "django"},
        SQLALCHEMY_BINDS={"django": f"sqlite:///{other}"},
    )
    site.sessions.session().save()
    assert len(site.rows()) == 1
    assert other.exists()


def test_a_bind_key_that_is_not_configured_is_an_error_that_names_it(make_site: MakeSite) -> None:
    site = make_site(table=False, extension={"bind_key": "django"})
    with pytest.raises(RuntimeError, match="'SQLALCHEMY_BINDS' has no 'django'"):
        site.sessions.session("12345678").load()


class _AgelessSession(DjangoSession):
    def get_session_cookie_age(self) -> int:
        return 5


def test_a_session_class_of_the_apps_own_is_used(make_site: MakeSite) -> None:
    site = make_site(extension={"session_class": _AgelessSession})

    @site.app.get("/")
    def view() -> str:
        session["a"] = 1
        return str(session.get_expiry_age())  # type: ignore[attr-defined]

    response = site.client.get("/")
    assert response.text == "5"
    assert "Max-Age=5;" in response.headers["Set-Cookie"]


def test_clear_expired_returns_how_many_it_removed(make_site: MakeSite) -> None:
    site = make_site()
    for expiry in (-10, -5, 3600):
        one = site.sessions.session()
        one.set_expiry(expiry)
        one.save()
    assert site.sessions.clear_expired(batch_size=1) == 2
    assert site.sessions.clear_expired() == 0


def test_a_batch_of_nothing_is_refused(make_site: MakeSite) -> None:
    with pytest.raises(ValueError, match="'batch_size' is 0"):
        make_site().sessions.clear_expired(batch_size=0)


_LOADED = "import sys; print([n for n in ('flask', 'sqlalchemy') if n in sys.modules])"


def _loaded_by(statement: str) -> str:
    run = [sys.executable, "-c", f"{statement}; {_LOADED}"]
    return subprocess.run(run, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.process
def test_importing_the_package_loads_nothing_else_yet() -> None:
    assert _loaded_by("import flask_dj_session") == "[]\n"


@pytest.mark.process
def test_the_codec_needs_neither_flask_nor_sqlalchemy() -> None:
    assert _loaded_by("from flask_dj_session import SessionCodec") == "[]\n"


def test_each_public_name_is_there_and_no_other() -> None:
    assert set(flask_dj_session._ROOMS) == set(flask_dj_session.__all__)
    assert set(flask_dj_session.__all__) <= set(dir(flask_dj_session))
    for name in flask_dj_session.__all__:
        assert getattr(flask_dj_session, name).__module__.startswith(
            ("flask_dj_session", "blinker")
        )
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        flask_dj_session.nonsense  # noqa: B018
