"""``DjangoSessions``: the extension that puts Django's sessions into a Flask app.

The state of one app is in a :class:`_State`. No other module asks Flask-SQLAlchemy for an engine.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from operator import getitem
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask, current_app, has_app_context
from flask.globals import app_ctx
from flask_sqlalchemy import SQLAlchemy

from .cli import register
from .contexts import itself
from .errors import NoTableError, SettingError
from .index import index_of
from .interface import DjangoSessionInterface
from .merging import Merger
from .model import (
    EXTENSION,
    AbstractSession,
    column_values,
    described_columns,
    is_mapped,
    model_on,
    prepare_model,
    table_of,
    unfilled,
    users_columns,
)
from .session import DjangoSession
from .settings import CACHE, Settings, SiteStore, prepare, site_store, warn_of_unknown_engine
from .site import SITE, Site
from .store import TABLE_NAME, AutocommitEngine, Store, for_site


class DjangoSessions:
    """Keeps the sessions of Flask apps in Django's table ``django_session``.

    :param app: call :meth:`init_app` on this app.
    :param db: the Flask-SQLAlchemy extension that has the database.
    :param bind_key: one of ``SQLALCHEMY_BINDS``, if the table is not in the default database.
    :param model: a mapped class of your own that inherits from :class:`AbstractSession`.
    :param session_class: a subclass of :class:`DjangoSession`.
    :param mergers: with ``SESSION_CONCURRENCY = "merge"``: by the name of an item, a function that
        says what is stored where two requests have changed it; see :mod:`.merging`.
    :param settings: Django's settings by name (``session_cookie_age=3600``), for every app;
        they override ``app.config``.
    :raises TypeError: for a *db* that is not Flask-SQLAlchemy's, a keyword that is not a setting,
        and a merger that cannot be called.
    :raises SettingError: for a setting that cannot be used.
    """

    def __init__(
        self,
        app: Flask | None = None,
        db: SQLAlchemy | None = None,
        *,
        bind_key: str | None = None,
        model: type[AbstractSession] | None = None,
        session_class: type[DjangoSession] = DjangoSession,
        mergers: Mapping[str, Merger] | None = None,
        **settings: Any,
    ) -> None:
        self._db = _checked_database(db)
        self._bind_key = bind_key
        self._given_model = model
        self._session_class = session_class
        self._mergers = dict(mergers or {})
        self._given_settings = settings
        self._states: WeakKeyDictionary[Flask, _State] = WeakKeyDictionary()
        if app is not None:
            self.init_app(app)
        elif db is not None:
            self._own_model(db)  # so that Alembic and 'create_all' see it from here on

    def init_app(self, app: Flask, db: SQLAlchemy | None = None) -> None:
        """Keep the sessions of *app* in the database of *db*.

        This method checks the settings. It sends no query to the database.

        :raises SettingError: for a setting that cannot be used.
        :raises RuntimeError: for a model whose table cannot store sessions.
        """
        db = _checked_database(db) or self._db
        if db is None and not self._needs_no_table(app):
            raise TypeError(
                "'db' is missing. Pass the SQLAlchemy object: 'sessions.init_app(app, db)'."
            )
        if EXTENSION in app.extensions:
            raise RuntimeError(
                "A 'DjangoSessions' is already registered on this Flask app. Use that one instead."
            )
        settings = prepare(app.config, self._given_settings)
        # Of this app alone: another one may stand beside another site.
        model, session_class = self._classes_for(app, db)
        if model is not None and is_mapped(model):
            _prepare(model, session_class)
        engines, cache = Engines(app, db), _cache_of(settings)
        site = Site(
            app,
            settings,
            lambda: _make_store(engines, model, site, cache),
            session_class,
            self._mergers,
        )
        _check_mergers(self._mergers, settings)
        self._states[app] = _State(settings, model, site, engines)
        app.extensions[EXTENSION] = self
        app.extensions[SITE] = site
        app.session_interface = DjangoSessionInterface(site)
        register(app)

    def _needs_no_table(self, app: Flask) -> bool:
        given = {name.upper(): value for name, value in self._given_settings.items()}
        return bool(given.get("SESSION_ENGINE", app.config.get("SESSION_ENGINE")) == CACHE)

    def session(self, session_key: str | None = None) -> DjangoSession:
        """Return a session outside a request, like Django's ``SessionStore(session_key)``.

        :param session_key: the key of a stored session; by default a new session begins.
        """
        return self._state.site.session(session_key)

    @property
    def model(self) -> type[AbstractSession]:
        """The mapped class of the table.

        :raises NoTableError: if the sessions are in a cache alone.
        """
        state = self._known_state()
        if state is None and self._db is not None:
            return self._own_model(self._db)
        if (model := self._state.model) is None:
            raise NoTableError
        return model

    @property
    def apps(self) -> list[Flask]:
        """The apps whose sessions this extension keeps."""
        return list(self._states)

    @property
    def settings(self) -> Settings:
        """The settings of the current app."""
        return self._state.settings

    @property
    def store(self) -> Store:
        """The rows of the current app's table."""
        return self._state.site.store

    def engines(self, app: Flask) -> Engines:
        """Return what runs statements on the databases of *app*.

        :raises RuntimeError: if this extension does not know *app*.
        """
        if app not in self._states:
            raise RuntimeError(
                "This 'DjangoSessions' does not know the app. Call 'sessions.init_app(app, db)'."
            )
        return self._states[app].engines

    def create_table(self, *, record_migration: bool = False) -> None:
        """Create the table, as ``manage.py migrate sessions`` does, unless it exists.

        :param record_migration: also record the migration in ``django_migrations``, so that
            Django's ``migrate`` does not try to create the table again.
        :raises ValueError: if you ask for that, and the table is not Django's own.
        """
        self.store.create_table()
        if record_migration:
            self.store.record_migration(self._state.site.now())

    def create_index(self) -> bool:
        """Create the index of the sessions, as ``flask sessions index`` does, unless it exists.

        It is filled when it is asked for the first time; ``flask sessions index`` fills it at once.

        :returns: whether it was created.
        """
        return index_of(self._state.site).entries.create()

    def clear_expired(self, batch_size: int | None = None) -> int:
        """Remove the sessions that have expired.

        :param batch_size: how many rows to remove with one statement, each of which is a
            transaction of its own; by default 1000, and up to 10,000 if that takes no longer than
            some 40 ms.
        :returns: how many sessions it removed.
        """
        return sum(self.clear_expired_batches(batch_size))

    def clear_expired_batches(self, batch_size: int | None = None) -> Iterator[int]:
        """Do what :meth:`clear_expired` does, and yield after each batch how many it removed."""
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"'batch_size' is {batch_size}. Give 1 or more.")
        return self.store.clear_expired(self._state.site.now(), batch_size=batch_size)

    @property
    def _state(self) -> _State:
        if (state := self._known_state()) is not None:
            return state
        raise RuntimeError(
            "This 'DjangoSessions' does not know which app is meant. Call 'init_app' for the app,"
            " and work inside 'with app.app_context()'."
        )

    def _known_state(self) -> _State | None:
        """Return what belongs to the current app, or else to the only one."""
        if has_app_context():
            return self._states.get(itself(current_app))
        return next(iter(self._states.values())) if len(self._states) == 1 else None

    def _own_model(self, db: SQLAlchemy) -> type[AbstractSession]:
        return self._given_model or model_on(db, self._bind_key)

    def _classes_for(
        self, app: Flask, db: SQLAlchemy | None
    ) -> tuple[type[AbstractSession] | None, type[DjangoSession]]:
        """Return the table that the site of *app* has told of, and sessions that sign as its do.

        :raises SettingError: where the app has said otherwise.
        """
        told, session_class = site_store(app.config), self._session_class
        if db is None or app.config["SESSION_ENGINE"] == CACHE:
            return None, session_class
        if told is None:
            if self._given_model is None and session_class is DjangoSession:
                warn_of_unknown_engine(app.config)
            return self._own_model(db), session_class
        if self._given_model is None:
            model = _model_of(told, db, self._bind_key)
            session_class = _filling(session_class, told)
        else:
            model = self._given_model
            _check_is_of(told, model)
        if session_class.key_salt == DjangoSession.key_salt != told.key_salt:
            session_class = type("DjangoSession", (session_class,), {"key_salt": told.key_salt})
        return model, session_class


def _checked_database(db: Any) -> SQLAlchemy | None:
    """Return *db*, if it is what sessions can be kept in.

    :raises TypeError: for anything else, such as an engine.
    """
    if db is None or isinstance(db, SQLAlchemy):
        return db
    kind = type(db)
    raise TypeError(
        f"'db' is a {kind.__module__}.{kind.__qualname__}. Pass the SQLAlchemy object of"
        " Flask-SQLAlchemy: 'DjangoSessions(app, db)'."
    )


def _check_mergers(mergers: Mapping[str, Merger], settings: Settings) -> None:
    for name, merger in mergers.items():
        if not callable(merger):
            raise TypeError(
                f"The merger of {name!r} is a {type(merger).__name__}. Pass a function that takes"
                " what was loaded, what is stored, and this request's own value."
            )
    if mergers and not settings.merges:
        warnings.warn(
            "'mergers' are never called, because 'SESSION_CONCURRENCY' is 'overwrite'. Set it to"
            " 'merge', or leave them out.",
            stacklevel=4,
        )


def _check_is_of(told: SiteStore, model: type[AbstractSession]) -> None:
    if is_mapped(model) and table_of(model).name != told.table:
        raise SettingError(
            "SESSION_ENGINE",
            f"is {told.engine!r}, which keeps its sessions in the table {told.table!r}, and the"
            f" 'model' that was passed in {table_of(model).name!r}",
            "Leave the model out, or pass one of that table.",
        )


def _prepare(model: type[AbstractSession], session_class: type[DjangoSession]) -> None:
    prepare_model(
        model,
        draws_keys=_overrides(session_class, "_get_new_session_key"),
        fills_columns=_overrides(session_class, "extra_columns"),
    )


def _overrides(session_class: type[DjangoSession], method: str) -> bool:
    return getattr(session_class, method) is not getattr(DjangoSession, method)


def _cache_of(settings: Settings) -> Any:
    if settings.cache is None:
        return None
    from .caches import make_cache  # which few apps need

    return make_cache(settings.cache)


def _make_store(
    engines: Engines, model: type[AbstractSession] | None, site: Site, cache: Any
) -> Store:
    return _with_table(engines, model, site, cache) if model else _alone(engines, site, cache)


def _around(site: Site) -> Any:
    from .caches import Around

    return Around(site.session_codec, site.now, lambda: site.settings.cache_verify)


def _alone(engines: Engines, site: Site, cache: Any) -> Store:
    from .caches import CacheStore

    return CacheStore(cache, _around(site), lambda: engines.of(None))


def _with_table(engines: Engines, model: type[AbstractSession], site: Site, cache: Any) -> Store:
    settings = site.settings
    _prepare(model, site.session_class)  # which may have been mapped since 'init_app'
    table = table_of(model)
    engine = engines.of(table.metadata.info.get("bind_key"))
    table = for_site(table, lambda: settings.naive_zone)
    if cache is None:
        return Store(engine, table)
    from .caches import CachedStore

    return CachedStore(engine, table, cache, _around(site))


class Engines:
    """What runs single statements on the databases of one app, each on connections of its own."""

    def __init__(self, app: Flask, db: SQLAlchemy | None) -> None:
        self._app = app
        self._db = db
        self._made: dict[str | None, AutocommitEngine] = {}

    def has(self, bind_key: str | None) -> bool:
        """Return whether the app has such a database."""
        if self._db is None:
            return False
        with self._app.app_context():
            return bind_key in self._db.engines

    def of(self, bind_key: str | None) -> AutocommitEngine:
        """Return the engine of one of SQLALCHEMY_BINDS; of the default database for None.

        :raises RuntimeError: where there is no such database.
        """
        if bind_key not in self._made:
            if self._db is None or not self.has(bind_key):
                raise RuntimeError(_missing_database(bind_key))
            with self._app.app_context():
                engines = self._db.engines
            # Asked each time, since tests put a connection in the place of an engine. And one for
            # all, whichever thread is the first.
            bind: Any = partial(getitem, engines, bind_key)
            made = AutocommitEngine(bind, owner=_running_context)
            self._made.setdefault(bind_key, made)
        return self._made[bind_key]


@dataclass
class _State:
    """What belongs to one app."""

    settings: Settings
    #: None if there is no table
    model: type[AbstractSession] | None
    site: Site
    engines: Engines


def _model_of(told: SiteStore, db: SQLAlchemy, bind_key: str | None) -> type[AbstractSession]:
    """Return the mapped class of the site's table."""
    if told.table == TABLE_NAME and not told.columns:
        return model_on(db, bind_key)
    if column := unfilled(told.columns, told.user_model):
        raise SettingError(
            "SESSION_ENGINE",
            f"is {told.engine!r}, whose table {told.table!r} needs a value for the column"
            f" {column!r}, and this package does not know which",
            "Give a class for that table, and what fills it: 'DjangoSessions(app, db, model=...,"
            " session_class=...)'.",
        )
    columns = partial(described_columns, told.key_length, told.columns)
    return model_on(db, bind_key, told.table, columns)


def _filling(session_class: type[DjangoSession], told: SiteStore) -> type[DjangoSession]:
    """Let sessions fill the columns that refer to their user, unless the app fills columns."""
    readers = users_columns(told.columns, told.user_model)
    if not readers or session_class.extra_columns is not DjangoSession.extra_columns:
        return session_class
    fill: Any = lambda _session, data: column_values(readers, data)  # noqa: E731 - a method
    return type("DjangoSession", (session_class,), {"extra_columns": fill})


def _missing_database(bind_key: str | None) -> str:
    if bind_key is None:
        return "'SQLALCHEMY_DATABASE_URI' is not set. Set it, or give a 'bind_key'."
    return f"'SQLALCHEMY_BINDS' has no '{bind_key}'. Add it, or give another 'bind_key'."


def _running_context() -> object:
    """Return what stands for the running request: the context that Flask-SQLAlchemy goes by."""
    return itself(app_ctx) if has_app_context() else threading.get_ident()
