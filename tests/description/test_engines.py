"""Sites whose sessions are of a class of their own: served as they are, or refused with the why."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import AbstractSession, DjangoSession, DjangoSessions
from flask_dj_session.errors import SettingError

from .conftest import ReadSite, WriteSite

pytestmark = pytest.mark.process

#: as django-qsessions has it: a table of its own, and columns that nobody but the engine fills
VISITS = {
    "visits/__init__": "",
    "visits/models": """
        from django.contrib.sessions.base_session import AbstractBaseSession
        from django.db import models

        class Visit(AbstractBaseSession):
            session_key = models.CharField(primary_key=True, max_length=128)
            user = models.ForeignKey("auth.User", null=True, on_delete=models.CASCADE)
            ip = models.GenericIPAddressField(null=True)
            kind = models.CharField(max_length=9, default="web")
            created_at = models.DateTimeField(auto_now_add=True, null=True)
            updated_at = models.DateTimeField(auto_now=True)
            class Meta:
                app_label = "visits"
    """,
    "visits/engine": """
        from django.contrib.sessions.backends import db

        class VisitStore(db.SessionStore):
            @classmethod
            def get_model_class(cls):
                from visits.models import Visit
                return Visit
            def create_model_instance(self, data):
                instance = super().create_model_instance(data)
                instance.user_id = data.get("_auth_user_id")
                return instance

        SessionStore = VisitStore
    """,
}
SETTINGS = "INSTALLED_APPS += ['visits']; SESSION_ENGINE = 'visits.engine'"


def _django(folder: Path, script: str) -> Any:
    """Run *script* with the site set up, and return what it prints as JSON."""
    begin = "import django, json; django.setup()\nfrom importlib import import_module\n"
    done = subprocess.run(
        [sys.executable, "-c", begin + dedent(script)],
        cwd=folder,
        env={"DJANGO_SETTINGS_MODULE": "mysite.settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


def _app(read: dict[str, Any], **options: Any) -> Flask:
    app = Flask("tests")
    app.config.from_mapping(read)
    DjangoSessions(app, SQLAlchemy(app), **options)

    @app.get("/")
    def count() -> str:
        session["num_visits"] = session.get("num_visits", 0) + 1
        session.setdefault("_auth_user_id", "7")
        return str(session["num_visits"])

    return app


def _dispose(app: Flask) -> None:
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()


def test_a_table_of_the_sites_own_is_used_with_its_columns_its_keys_and_its_salt(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    folder = write_site(SETTINGS, **VISITS)
    _django(
        folder,
        "from django.core.management import call_command as c\n"
        "c('migrate', run_syncdb=True, verbosity=0)\n"
        "from django.contrib.auth.models import User; User.objects.create(pk=7)",
    )
    app = _app(read_site())
    client = app.test_client()
    assert [client.get("/").text for _ in range(2)] == ["1", "2"]
    key = client.get_cookie("sessionid").value  # type: ignore[union-attr]
    begun, row = _django(
        folder,
        f"""
        from visits.models import Visit
        (row,) = Visit.objects.values()
        store = import_module("visits.engine").SessionStore({key!r})
        begun = store["num_visits"]
        store["num_visits"] = 40
        store.save()
        print(json.dumps([begun, row], default=str))
    """,
    )
    assert begun == 2
    assert (row["user_id"], row["kind"], row["ip"]) == (7, "web", None)
    assert row["created_at"] < row["updated_at"]
    assert client.get("/").text == "41"
    long_key = _django(
        folder,
        """
        store = import_module("visits.engine").SessionStore("k" * 128)
        store["num_visits"] = 7
        store.save(must_create=True)
        print(json.dumps(store.session_key))
    """,
    )
    client.set_cookie("sessionid", long_key)
    assert client.get("/").text == "8"
    names = sa.inspect(_engine(app))
    assert "django_session" not in app.extensions["sqlalchemy"].metadatas[None].tables
    assert names.has_table("visits_visit")
    _dispose(app)


def _engine(app: Flask) -> sa.Engine:
    with app.app_context():
        engine: sa.Engine = app.extensions["sqlalchemy"].engine
        return engine


def test_each_app_of_one_extension_has_the_table_of_its_own_site(
    write_site: WriteSite, read_site: ReadSite, tmp_path: Path
) -> None:
    write_site(SETTINGS, **VISITS)
    db = SQLAlchemy()
    sessions = DjangoSessions(db=db)
    beside_site, alone = Flask("tests.site"), Flask("tests.alone")
    beside_site.config.from_mapping(read_site())
    url = f"sqlite:///{tmp_path / 'alone.sqlite3'}"
    alone.config.update(SECRET_KEY="alone", SQLALCHEMY_DATABASE_URI=url)
    for app in (beside_site, alone):
        db.init_app(app)
        sessions.init_app(app)
    found = []
    for app in (beside_site, alone):
        with app.app_context():
            made = sessions.session()
            fills = type(made).extra_columns is not DjangoSession.extra_columns
            mapped: Any = sessions.model
            names = (mapped.__table__.name, sessions.store.table.name)
            found.append((*names, made.key_salt, fills))
            db.engine.dispose()
    assert found == [
        ("visits_visit", "visits_visit", "django.contrib.sessions.VisitStore", True),
        ("django_session", "django_session", DjangoSession.key_salt, False),
    ]


def test_a_column_that_nobody_fills_is_refused_with_the_way_out(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    models = VISITS["visits/models"].replace(
        "ip = models.GenericIPAddressField(null=True)", "shop = models.IntegerField()"
    )
    write_site(SETTINGS, **{**VISITS, "visits/models": models})
    read = read_site()
    with pytest.raises(SettingError, match=r"needs a value for the column 'shop'.* Give a class"):
        _app(read)


def test_a_model_of_another_table_is_refused(write_site: WriteSite, read_site: ReadSite) -> None:
    write_site(SETTINGS, **VISITS)
    app = Flask("tests")
    app.config.from_mapping(read_site())
    db = SQLAlchemy(app)
    model = type("Other", (AbstractSession, db.Model), {"__tablename__": "other"})
    with pytest.raises(SettingError, match=r"in the table 'visits_visit', and the 'model'.* 'oth"):
        DjangoSessions(app, db, model=model)


@pytest.mark.parametrize(
    "code",
    [
        "SESSION_ENGINE = 'flask_dj_session.django_engine'",
        "SESSION_ENGINE = 'mysite.own'",
    ],
)
def test_the_engine_of_this_package_and_what_inherits_from_it_are_served(
    code: str, write_site: WriteSite, read_site: ReadSite
) -> None:
    own = """
        from flask_dj_session import django_engine
        class SessionStore(django_engine.SessionStore):
            pass
    """
    write_site(code, **{"mysite/own": own})
    read = read_site()
    assert read["SESSION_ENGINE"] == "django.contrib.sessions.backends.db"
    _app(read)


def test_a_class_that_is_a_cached_db_is_treated_as_one(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    engine = """
        from django.contrib.sessions.backends import cached_db
        class SessionStore(cached_db.SessionStore):
            pass
    """
    write_site("SESSION_ENGINE = 'mysite.engine'", **{"mysite/engine": engine})
    read = read_site()
    assert read["SESSION_ENGINE"] == "django.contrib.sessions.backends.cached_db"
    with pytest.warns(
        UserWarning, match="Django sees that a session was changed or ended here only when"
    ):
        _app(read)


def test_a_subclass_of_cached_db_has_its_own_prefix_and_the_cache_of_the_site(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    engine = """
        from django.contrib.sessions.backends import cached_db
        class SessionStore(cached_db.SessionStore):
            cache_key_prefix = "mysite.sessions"
    """
    caches = """
        def names(key, key_prefix, version):
            return key
        from django.core.cache.backends.filebased import FileBasedCache
        class Files(FileBasedCache):
            pass
    """
    code = """
        SESSION_ENGINE = 'mysite.engine'
        SESSION_CACHE_ALIAS = 'sessions'
        CACHES = {'default': {'BACKEND': 'django.core.cache.backends.dummy.DummyCache'},
            'sessions': {'BACKEND': 'mysite.caches.Files', 'LOCATION': '/tmp/x', 'VERSION': 3}}
    """
    write_site(code, **{"mysite/engine": engine, "mysite/caches": caches})
    app = _app(read_site())
    cache = app.extensions["django_sessions"].settings.cache
    assert (cache.kind, cache.prefix, cache.version) == ("file", "mysite.sessions", 3)
    assert cache.locations == ("/tmp/x",)


def test_a_cache_that_a_function_of_the_sites_own_lends_is_known_by_its_class(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    caches = """
        from django_bmemcached.memcached import BMemcached
        def lent(location, params):
            return BMemcached(location, params)
    """
    code = """
        SESSION_ENGINE = 'django.contrib.sessions.backends.cached_db'
        CACHES = {'default': {'BACKEND': 'mysite.caches.lent', 'LOCATION': 'cache:11211',
            'OPTIONS': {'pickle_protocol': 4}}}
    """
    write_site(code, **{"mysite/caches": caches})
    cache = _app(read_site()).extensions["django_sessions"].settings.cache
    assert (cache.kind, cache.locations) == ("bmemcached", ("cache:11211",))


def test_a_site_whose_sessions_are_in_a_cache_alone_is_served(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    engine = """
        from django.contrib.sessions.backends import cache
        class SessionStore(cache.SessionStore):
            pass
    """
    code = """
        SESSION_ENGINE = 'mysite.engine'
        CACHES = {'default': {'BACKEND': 'django.core.cache.backends.redis.RedisCache',
            'LOCATION': 'redis://:hush@cache/1'}}
    """
    write_site(code, **{"mysite/engine": engine})
    app = _app(read_site())
    cache = app.extensions["django_sessions"].settings.cache
    assert (cache.kind, cache.prefix) == ("redis", "django.contrib.sessions.cache")
    assert cache.locations == ("redis://:hush@cache/1",)
    assert "hush" not in repr(cache)


_WRAPPING = """
    from django.contrib.sessions.middleware import SessionMiddleware as Base
    class SessionMiddleware(Base):
        def process_request(self, request):
            value = request.COOKIES.get("sessionid", "")
            request.session = self.SessionStore(value.partition("|")[2] or None)
"""
_PLAIN = """
    from django.contrib.sessions.middleware import SessionMiddleware as Base
    class SessionMiddleware(Base):
        def process_request(self, request):
            request.session = self.SessionStore(request.COOKIES.get("sessionid"))
"""
_ENCODING = """
    from django.contrib.sessions.backends import db
    class SessionStore(db.SessionStore):
        def encode(self, data):
            return "mine"
"""
_MEMORY = """
    from django.contrib.sessions.backends.base import SessionBase
    class SessionStore(SessionBase):
        pass
"""
_MIDDLEWARE = "MIDDLEWARE = ['mysite.own.SessionMiddleware']"
_ENGINE = "SESSION_ENGINE = 'mysite.own'"


@pytest.mark.parametrize(
    ("settings", "own", "problem"),
    [
        (
            _MIDDLEWARE,
            _WRAPPING,
            "'MIDDLEWARE' has 'mysite.own.SessionMiddleware', which keeps som",
        ),
        (_ENGINE, _ENCODING, "'SESSION_ENGINE' is 'mysite.own', which writes rows in its own way"),
        (_ENGINE, _MEMORY, "'SESSION_ENGINE' is 'mysite.own', which keeps no sessions in the data"),
        (
            _ENGINE,
            "1 / 0",
            "'mysite.own', which fails on the site with ZeroDivisionError in line 1",
        ),
    ],
)
def test_what_cannot_be_shared_is_refused_with_the_reason(
    settings: str, own: str, problem: str, write_site: WriteSite, read_site: ReadSite
) -> None:
    write_site(settings, **{"mysite/own": own})
    with pytest.raises(SettingError) as caught:
        read_site()
    assert problem in str(caught.value)


def test_a_middleware_of_the_sites_own_that_takes_the_key_from_the_cookie_is_fine(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    write_site(_MIDDLEWARE, **{"mysite/own": _PLAIN})
    assert read_site()["SESSION_ENGINE"] == "django.contrib.sessions.backends.db"


def test_a_middleware_that_cannot_be_tried_out_is_told(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    write_site(_MIDDLEWARE, **{"mysite/own": _PLAIN.replace("COOKIES.get", "no_such")})
    with pytest.warns(UserWarning, match=r"'MIDDLEWARE' has 'mysite\.own\.SessionMiddleware', and"):
        read_site()


def test_an_engine_that_nobody_has_told_of_is_no_silent_django_session() -> None:
    app = Flask("tests")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI="sqlite://")
    app.config["SESSION_ENGINE"] = "qsessions.backends.db"
    with pytest.warns(UserWarning, match="'qsessions.backends.db', which is not one of Django's"):
        DjangoSessions(app, SQLAlchemy(app))
