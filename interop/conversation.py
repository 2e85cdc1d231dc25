"""Django as the other side of a pipe: what ``django_side`` does, asked for from here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, TypeVar

from .eras import ROOT, Environment
from .reasons import NoAnswerError, NotInstalledError, NotRunError
from .scenarios import DisagreementError

# What Django raises where it does not take the server, cannot load the driver or gets no answer.
_NOT_RUN: dict[str, type[NotRunError]] = {
    "NotSupportedError": NotRunError,
    "ImproperlyConfigured": NotInstalledError,
    "OperationalError": NoAnswerError,
}

Side = TypeVar("Side", bound="OtherSide")


class OtherSide:
    """A process that is asked for deeds through a pipe, a line of JSON for each."""

    name = "Django"

    def __init__(self, process: subprocess.Popen[str], complaints: IO[str]) -> None:
        self._process = process
        self._complaints = complaints

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """Have something done, and return the answer, be it an error.

        :raises DisagreementError: where the process has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._complaints.seek(0)
            lines = self._complaints.read().strip().splitlines() or ["without a word"]
            raise DisagreementError(f"Django's process ended: {lines[-1]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def done(self, do: str, **request: Any) -> dict[str, Any]:
        """Have something done.

        :raises DisagreementError: where it raises something.
        """
        return self.checked(self.ask(do, **request))

    def checked(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return an answer that is no error."""
        if "error" in answer:
            raise DisagreementError(f"Django raises {answer['error']}: {answer['message']}")
        return answer


class DjangoSide(OtherSide):
    """A running Django."""

    version = python = ""

    def configure(self, settings: dict[str, Any], mysql_version: str | None) -> None:
        """Set Django up.

        :raises NotRunError: where Django does not take this database; a subclass says more.
        """
        answer = self.ask("configure", settings=settings, mysql_version=mysql_version)
        reason = _NOT_RUN.get(answer.get("error", ""))
        if reason is not None:
            raise reason(answer["message"])
        self.version, self.python = self.checked(answer)["django"], answer["python"]

    def visit(self, view: str, key: str | None = None, **given: Any) -> dict[str, Any]:
        """Ask for the page of a view, with a cookie where *key* is given."""
        return self.done("visit", view=view, key=key, given=given)

    def load(self, key: str) -> dict[str, Any]:
        """Read a session outside a request."""
        return self.done("load", key=key)

    def hold(self, key: str) -> None:
        """Load a session and change it, as a request does that is not at its end yet."""
        self.done("hold", key=key)

    def save_held(self) -> dict[str, Any]:
        """Save what is held; tell whether it was there to be saved."""
        return self.done("save_held")

    def clear(self) -> None:
        """Run ``manage.py clearsessions``."""
        self.done("clear")

    def migrate(self, *arguments: str) -> None:
        """Run ``manage.py migrate``."""
        self.done("migrate", arguments=arguments)

    def make_user(self, name: str) -> None:
        """Make a user who can log in."""
        self.done("make_user", name=name)

    def grant(self, name: str, own: str, of_group: str) -> None:
        """Give a user one permission, and a group of theirs another."""
        self.done("grant", name=name, own=own, of_group=of_group)

    def post_form(self, key: str) -> dict[str, Any]:
        """Send a form with its CSRF token, and without."""
        return self.done("post_form", key=key)

    def change_at_once(self, key: str) -> dict[str, Any]:
        """Let two requests change a session that both have loaded, with our engine in Django."""
        return self.done("change_at_once", key=key)


@contextmanager
def django_side(
    environment: Environment, settings: dict[str, Any], *, mysql: bool
) -> Iterator[DjangoSide]:
    """Lend a Django with these settings."""
    command = [str(environment.python), "-W", "ignore", "-m", "interop.django_side"]
    with other_side(command, DjangoSide, ROOT) as side:
        side.configure(settings, environment.era.mysqlclient if mysql else None)
        yield side


@contextmanager
def other_side(
    command: list[str], kind: type[Side], folder: Path, environment: dict[str, str] | None = None
) -> Iterator[Side]:
    """Lend a process of *command*, run in *folder*.

    :param environment: its variables; by default those of this process.
    """
    with (
        TemporaryFile("w+") as complaints,
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as process,
    ):
        try:
            yield kind(process, complaints)
        finally:
            if process.stdin is not None:
                process.stdin.close()  # which ends it
            process.wait(timeout=30)
