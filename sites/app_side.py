"""An app of ours beside a site: all that it knows of the site, the site's own Python told it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, cast

from flask import Flask, request, session
from flask_sqlalchemy import SQLAlchemy
from werkzeug.serving import WSGIRequestHandler, make_server

from flask_dj_session import DjangoSession, DjangoSessions, django_settings
from flask_dj_session.auth import DjangoAuth


class AppSide:
    """The app; ``url`` is where it is served.

    :param module: the site's settings.
    :param python: the site's own interpreter.
    :param folder: the one of manage.py.
    """

    def __init__(self, module: str, python: Path, folder: Path) -> None:
        self.app = Flask("beside")
        self.app.logger.disabled = True  # what fails is told by the step that finds it
        self.url = ""
        self.said: list[str] = []
        with _noted(self.said):
            self.app.config.from_mapping(django_settings(module, python=python, path=folder))
            self.db = SQLAlchemy(self.app)
            self.sessions = DjangoSessions(self.app, self.db)
        for view in (_count, _peek, _end_in, _flush):
            self.app.add_url_rule(f"/{view.__name__.strip('_')}", view_func=view)

    def share_login(self, **options: Any) -> None:
        """Let the app know the site's users.

        :raises SettingError: where it cannot.
        """
        with _noted(self.said):
            auth = DjangoAuth(self.sessions, **options)

        @self.app.get("/who")
        def who() -> dict[str, Any]:
            return {"told": auth.current_user.get_username()}

        @self.app.get("/permissions")
        def permissions() -> dict[str, Any]:
            return {"told": sorted(auth.current_user.get_all_permissions())}

        @self.app.post("/login")
        def login() -> dict[str, Any]:
            user = auth.authenticate(request.form["username"], request.form["password"])
            if user is None:
                return {"told": "refused"}
            auth.login(user)
            return {"told": "logged in"}

        @self.app.post("/logout")
        def logout() -> dict[str, Any]:
            auth.logout()
            return {"told": "logged out"}

    def check(self) -> tuple[int, str]:
        """Run ``flask sessions check``; return its exit code and what it says."""
        result = self.app.test_cli_runner().invoke(args=["sessions", "check"])
        return result.exit_code, result.output

    def close(self) -> None:
        """Close all connections."""
        with self.app.app_context():
            for engine in self.db.engines.values():
                engine.dispose()


def _count() -> dict[str, Any]:
    session["tried"] = session.get("tried", 0) + 1
    return {"told": session["tried"]}


def _peek() -> dict[str, Any]:
    return {"told": session.get("tried", 0)}


def _end_in() -> dict[str, Any]:
    _django_session().set_expiry(int(request.args["seconds"]))
    return {"told": "set"}


def _flush() -> dict[str, Any]:
    _django_session().flush()
    return {"told": "flushed"}


def _django_session() -> DjangoSession:
    return cast(DjangoSession, session)


@contextmanager
def _noted(said: list[str]) -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    said += [str(one.message) for one in caught]


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@contextmanager
def served(side: AppSide) -> Iterator[AppSide]:
    """Serve the app on this machine."""
    server = make_server("127.0.0.1", 0, side.app, threaded=True, request_handler=_Quiet)
    side.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield side
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        side.close()
