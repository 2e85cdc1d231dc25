"""Sessions, users and clients made for a test; no fixtures here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.pool import NullPool

from ..extension import DjangoSessions
from ..session import DjangoSession
from ..wire import SessionCodec, flashes
from ..wire.login_times import LOGIN_TIME_KEY, written_time
from .browser import cookie_place, django_site

_BACKEND = "django.contrib.auth.backends.ModelBackend"


class MakeSession:
    """Stores sessions as a visit would."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._site = django_site(app)

    def __call__(
        self,
        data: Mapping[str, Any] | None = None,
        /,
        *,
        user: Any = None,
        login_age: float | None = None,
        expires: float | datetime | timedelta | None = None,
        expired: bool = False,
        form: Literal["signed", "legacy"] = "signed",
        corrupted: bool = False,
        **items: Any,
    ) -> str:
        """Store a session and return its key.

        :param data: what it holds; *items* as well.
        :param user: who is logged in: has ``pk`` and ``password``, as those of ``django_user``.
        :param login_age: how many seconds ago the login was in this app, if one of its settings
            keeps that; without it, as after a login in Django, nobody knows.
        :param expires: what ``set_expiry`` takes; the site's default without it.
        :param expired: store a row whose time is over.
        :param form: ``legacy`` is that of Django before 3.1.
        :param corrupted: spoil the signature.
        :raises ValueError: for that where the sessions are in a cache alone.
        """
        with self._app.app_context():
            session = self._site.session()
            session.update({**(data or {}), **items})
            if user is not None:
                session.update(self._login(user))
            if login_age is not None:
                login = self._site.now() - timedelta(seconds=login_age)
                session[LOGIN_TIME_KEY] = written_time(login)
            if expires is not None:
                session.set_expiry(expires)
            return self._store(session, expired=expired, form=form, corrupted=corrupted)

    def _store(self, session: DjangoSession, *, expired: bool, form: str, corrupted: bool) -> str:
        if corrupted and not self._site.store.has_table:
            raise ValueError("A session in a cache alone has no signature that could be spoiled.")
        text = self._encode(session, form)
        end = session._aware(session.get_expiry_date())
        if expired:
            end = min(end, self._site.now() - timedelta(hours=1))
        key = session._get_or_create_session_key()
        data = session._get_session()
        self._site.store.insert(
            key, spoiled(text) if corrupted else text, end, **session.extra_columns(data)
        )
        return key

    def _encode(self, session: DjangoSession, form: str) -> str:
        data = session._get_session()
        if form == "signed":
            return session.encode(data)
        if form != "legacy":
            raise ValueError(f"'form' is '{form}'. Give 'signed' or 'legacy'.")
        settings = self._site.settings
        current, *fallbacks = settings.keys
        codec = SessionCodec(
            current,
            fallbacks,
            salt=session.key_salt,
            serializer=settings.make_serializer(),
            algorithm="sha1",
        )
        return codec.encode(flashes.tagged(data), self._site.now())

    def _login(self, user: Any) -> dict[str, str]:
        return {
            "_auth_user_id": str(user.pk),
            "_auth_user_backend": getattr(user, "backend", None) or _BACKEND,
            "_auth_user_hash": self._hash_of(user),
        }

    def _hash_of(self, user: Any) -> str:
        from ..auth import UserMixin
        from ..auth.current import EXTENSION
        from ..auth.hashes import session_auth_hash

        if EXTENSION in self._app.extensions and isinstance(user, UserMixin):
            return user.get_session_auth_hash()  # which may be the project's own
        settings = self._site.settings
        return session_auth_hash(user.password, settings.keys[0], settings.algorithm)


def spoiled(text: str) -> str:
    """Change the last character of a signed text, which ends with its signature."""
    return text[:-1] + ("A" if text[-1] != "A" else "B")


class MakeClient:
    """Makes browsers that have a session."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._make_session = MakeSession(app)

    def __call__(
        self,
        data: Mapping[str, Any] | None = None,
        /,
        *,
        session_key: str | None = None,
        **how: Any,
    ) -> FlaskClient:
        """Return a client whose cookie names a session, made as ``django_session`` does it.

        :param session_key: the key of one that is there.
        """
        key = session_key or self._make_session(data, **how)
        client = self._app.test_client()
        place = cookie_place(self._app)
        client.set_cookie(
            place.name, key, domain=place.domain, origin_only=place.origin_only, path=place.path
        )
        return client


class MakeDevice:
    """Logs users in on other devices, as the index of the sessions knows it."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._make_session = MakeSession(app)
        self._make_client = MakeClient(app)

    def __call__(
        self,
        user: Any,
        *,
        address: str | None = None,
        user_agent: str | None = None,
        **how: Any,
    ) -> FlaskClient:
        """Return a client in which *user* is logged in.

        :param address: what is recorded of where the login came from; *user_agent* as well.
        :param how: as for ``django_session``.
        """
        from ..index import index_of

        key = self._make_session(user=user, **how)
        with self._app.app_context():
            index = index_of(django_site(self._app))
            index.entries.create()
            index.enter_login(key, str(user.pk), address, user_agent)
        return self._make_client(session_key=key)


class MakeUser:
    """Adds users to Django's table, with passwords that take no time to check."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(
        self,
        username: str = "user",
        *,
        password: str = "password",  # noqa: S107 - of nobody
        **columns: Any,
    ) -> Any:
        """Add a user and return it.

        :param columns: as ``is_active=False``.
        """
        from ..auth.current import EXTENSION
        from ..auth.passwords import PasswordHashers

        app = self._app if EXTENSION in self._app.extensions else _with_auth(self._app)
        with app.app_context():
            auth = app.extensions[EXTENSION]
            user = auth.create_user(username, **columns)
            auth.accounts.users.set_password(user, PasswordHashers(iterations=1).make(password))
            return user


def _with_auth(app: Flask) -> Flask:
    """Make an app on the same database that knows Django's users, as *app* itself does not."""
    from ..auth import DjangoAuth

    url = django_site(app).store.engine.app_engine.url
    twin = Flask(app.name)
    twin.config.from_mapping(
        SECRET_KEY=app.config["SECRET_KEY"],
        SQLALCHEMY_DATABASE_URI=url.render_as_string(hide_password=False),
        USE_TZ=app.config["USE_TZ"],
        TIME_ZONE=app.config["TIME_ZONE"],
    )
    sessions = DjangoSessions(twin, SQLAlchemy(twin, engine_options={"poolclass": NullPool}))
    DjangoAuth(sessions)
    return twin
