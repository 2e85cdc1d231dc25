"""``python -m interop.run``: all Djangos, all databases, and the table of what agreed."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .cache_scenarios import cache_scenarios_for
from .cache_servers import CachePlace
from .caches import ENGINES, WITH_CACHES, CacheKind, place_of
from .caches import KINDS as CACHES
from .conversation import DjangoSide, django_side
from .database import KINDS, VARIABLES, Database, fresh_database, knock
from .eras import ERAS, OUR_ENGINE, Environment, Era, newest_django, unknown_django
from .flask_side import flask_side
from .login import login_scenarios_for
from .reasons import NoAnswerError, NotRunError
from .scenarios import DisagreementError, Meeting, Scenario, scenarios_for
from .table import Cell, Row, columns_of, disagreements, failures, markdown, summary

SECRET_KEY = "one key for both: ŝ€"
OLD_KEY = "the key before"
SERIALIZERS = "django.contrib.sessions.serializers."


@dataclass(frozen=True)
class Configuration:
    """A Django and the settings by which it writes."""

    era: Era
    algorithm: str = "sha256"  # DEFAULT_HASHING_ALGORITHM
    pickle: bool = False
    cache: CacheKind | None = None
    engine: str = "db"

    @property
    def form(self) -> str:
        """What it writes, in words."""
        if self.cache is not None:
            return f"{self.engine}, {self.cache.name}"
        form = "signed format" if self.algorithm == "sha256" else "legacy format"
        return f"{form}, pickles" if self.pickle else form

    def settings(self, place: CachePlace | None, *, use_tz: bool) -> dict[str, Any]:
        """Return the settings of Django and of Flask; a Django ignores what it does not know."""
        name = "PickleSerializer" if self.pickle else "JSONSerializer"
        settings: dict[str, Any] = {
            "SECRET_KEY": SECRET_KEY,
            "SECRET_KEY_FALLBACKS": [OLD_KEY],
            "SESSION_ENGINE": f"django.contrib.sessions.backends.{self.engine}",
            "SESSION_SERIALIZER": SERIALIZERS + name,
            "USE_TZ": use_tz,
            "TIME_ZONE": "America/Chicago",
        }
        if self.cache is not None and place is not None:
            settings["CACHES"] = {"default": self.cache.entry(place)}
        return settings

    def django_settings(
        self, database: Database, place: CachePlace | None, *, use_tz: bool
    ) -> dict[str, Any]:
        """Return what Django alone needs as well."""
        settings = self.settings(place, use_tz=use_tz)
        settings["DATABASES"] = {"default": database.django_settings()}
        if self.era.version >= (3, 2):
            settings["DEFAULT_AUTO_FIELD"] = "django.db.models.AutoField"
        if self.era.version == (3, 2):
            settings["DEFAULT_HASHING_ALGORITHM"] = self.algorithm
        return settings


def configurations() -> Iterator[Configuration]:
    """Yield what is tried, in the order of the table."""
    for era in ERAS:
        if era.version < (3, 1):
            yield Configuration(era, "sha1")
        else:
            yield Configuration(era)
        if era.version == (3, 2):
            yield Configuration(era, "sha1")
        if era.version < (5, 0) and era.version != (3, 0):
            yield Configuration(era, "sha1" if era.version < (3, 1) else "sha256", pickle=True)
        if era.version in WITH_CACHES:
            for engine in ENGINES:
                for kind in CACHES:
                    yield Configuration(era, cache=kind, engine=engine)


@contextmanager
def meeting_of(
    configuration: Configuration,
    database: Database,
    django: DjangoSide,
    place: CachePlace | None,
    *,
    use_tz: bool,
) -> Iterator[Meeting]:
    """Lend both sides, ready to be visited."""
    version = configuration.era.version
    settings = configuration.settings(place, use_tz=use_tz)
    settings["DEFAULT_HASHING_ALGORITHM"] = configuration.algorithm
    another = {"SECRET_KEY": "a stranger's", "SECRET_KEY_FALLBACKS": []}
    old = {"SECRET_KEY": OLD_KEY, "SECRET_KEY_FALLBACKS": []}
    other = "sha1" if configuration.algorithm == "sha256" else "sha256"
    form = {"DEFAULT_HASHING_ALGORITHM": other}
    with ExitStack() as stack:
        ours, strangers, elders, others = (
            stack.enter_context(flask_side(database.text, {**settings, **changes}))
            for changes in ({}, another, old, form)
        )
        django.migrate("--run-syncdb")
        django.make_user("visitor")
        yield Meeting(
            django,
            ours,
            strangers,
            elders,
            others,
            database,
            use_tz=use_tz,
            has_fallbacks=version >= (4, 1),
            has_our_engine=version >= OUR_ENGINE,
            has_pickles=configuration.pickle,
            reads_dates=version >= (4, 1),
            reads_both_forms=version == (3, 2) and configuration.algorithm == "sha256",
            survives_damage=version >= (3, 1),
            varies_when_deleting=version >= (3, 0),
            cache=place,
            django_ignores_cache=bool(
                configuration.cache and configuration.cache.is_ignored_when_down
            ),
            has_table=configuration.engine != "cache",
        )


def try_one(
    configuration: Configuration, environment: Environment, kind: str, folder: Path, *, use_tz: bool
) -> tuple[Cell, str]:
    """Go through all scenarios; return what came of it, and what Django said it is."""
    cell = Cell()
    environment.require(kind)
    with fresh_database(kind, folder) as database, _place(configuration, folder) as place:
        settings = configuration.django_settings(database, place, use_tz=use_tz)
        with django_side(environment, settings, mysql=kind == "MariaDB") as django:
            with meeting_of(configuration, database, django, place, use_tz=use_tz) as meeting:
                for scenario in _scenarios_for(meeting):
                    try:
                        scenario(meeting)
                        cell.agreed += 1
                    except Exception as error:
                        cell.disagreed[scenario.__name__] = _words_of(error)
            return cell, f"{django.python} {django.version}"


def _place(configuration: Configuration, folder: Path) -> AbstractContextManager[CachePlace | None]:
    return nullcontext() if configuration.cache is None else place_of(configuration.cache, folder)


def _scenarios_for(meeting: Meeting) -> list[Scenario]:
    if meeting.cache is not None:
        return cache_scenarios_for(meeting)
    return [*login_scenarios_for(meeting), *scenarios_for(meeting)]


def _words_of(error: Exception) -> str:
    """Tell what differs, or what was raised on Flask's side."""
    if isinstance(error, DisagreementError):
        return str(error)
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"


class Round:
    """All that there is to try with one Django.

    :param silent: why a kind of database cannot be asked.
    :param strict: whether what could be tried, and is not, is a failure.
    """

    def __init__(
        self, era: Era, folder: Path, silent: Mapping[str, NoAnswerError], *, strict: bool
    ) -> None:
        self._era = era
        self._folder = folder
        self._silent = silent
        self._strict = strict
        self._environment = Environment(era)

    def rows(self) -> list[Row]:
        """Fill the rows of the table."""
        why_not: NotRunError | None = None
        try:
            self._environment.make([kind for kind in KINDS if not self._left_out(kind)])
        except NotRunError as error:
            why_not = error
        return [self._row(one, why_not) for one in configurations() if one.era == self._era]

    def _row(self, configuration: Configuration, why_not: NotRunError | None) -> Row:
        row = Row(self._era.name, configuration.form)
        for column, (kind, use_tz) in zip(columns_of(KINDS), _places(), strict=True):
            if configuration.cache is not None and kind != "SQLite":
                continue
            reason = _planned(configuration, kind, use_tz=use_tz) or why_not or self._left_out(kind)
            if reason is not None:
                row.cells[column] = self._not_run(reason)
                continue
            row.cells[column] = cell = self._cell(row, configuration, kind, use_tz=use_tz)
            sys.stderr.write(f"Django {row.django}, {row.form}; {column}: {cell}\n")
        return row

    def _cell(self, row: Row, configuration: Configuration, kind: str, *, use_tz: bool) -> Cell:
        """Try a configuration on a database; whatever happens, the table goes on."""
        try:
            cell, versions = try_one(
                configuration, self._environment, kind, self._folder, use_tz=use_tz
            )
        except NotRunError as error:
            return self._not_run(error)
        except Exception as error:
            return Cell(disagreed={"beginning": _words_of(error)})
        row.python, _, row.django = versions.partition(" ")
        return cell

    def _left_out(self, kind: str) -> NotRunError | None:
        return self._silent.get(kind) or _missing(kind)

    def _not_run(self, reason: NotRunError) -> Cell:
        failed = reason.is_failure(strict=self._strict, required=self._era.required)
        return Cell(not_run=str(reason), failed=failed)


def _places() -> Iterator[tuple[str, bool]]:
    for kind in KINDS:
        yield kind, True
        yield kind, False


def _planned(configuration: Configuration, kind: str, *, use_tz: bool) -> NotRunError | None:
    if configuration.cache is not None and not use_tz:
        return NotRunError("caches are tried with USE_TZ")
    if configuration.pickle and kind != "SQLite":
        return NotRunError("pickles are tried on SQLite")
    return None


def _missing(kind: str) -> NotRunError | None:
    variable = VARIABLES.get(kind)
    if variable is None or os.environ.get(variable):
        return None
    return NotRunError(f"{variable} is not set")


def silent_servers() -> dict[str, NoAnswerError]:
    """Return why a server that the environment names cannot be asked, by kind."""
    silent = {}
    for kind in KINDS:
        try:
            knock(kind)
        except NoAnswerError as error:
            silent[kind] = error
    return silent


def fill_table(eras: list[Era], *, strict: bool) -> list[Row]:
    """Try these Djangos side by side."""
    silent = silent_servers()
    with TemporaryDirectory() as folder, ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        rounds = [Round(era, Path(folder), silent, strict=strict) for era in eras]
        return [row for rows in pool.map(Round.rows, rounds) for row in rows]


def main() -> int:
    """Run it all; 1 where anything disagreed, or was not tried that should have been."""
    parser = argparse.ArgumentParser(prog="python -m interop.run", description=__doc__)
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the tables here, too")
    parser.add_argument("--only", metavar="VERSION", action="append", help="a Django, as 4.2")
    arguments = parser.parse_args()
    eras = [era for era in ERAS if not arguments.only or era.name in arguments.only]
    # Forged rows are part of it.
    logging.getLogger("django.security.SuspiciousSession").setLevel(logging.CRITICAL)
    rows = fill_table(eras, strict=os.environ.get("CI") == "true")
    tables = markdown(rows, columns_of(KINDS))
    sys.stdout.write(tables + "\n")
    if arguments.markdown:
        arguments.markdown.write_text(tables, encoding="utf-8")
    sys.stdout.write(f"{_what_is_new()}\n")
    return report(rows)


def _what_is_new() -> str:
    try:
        newest = newest_django()
    except NotRunError as error:
        return f"Whether there is a newer Django is not known: {error}"
    return unknown_django(newest) or f"The newest Django is {newest}."


def report(rows: list[Row]) -> int:
    """Write what is wrong below the table, and the counts; return the exit code."""
    wrong = [*disagreements(rows), *failures(rows)]
    counts = summary(rows)
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    sys.stdout.write(", ".join(f"{count} {what}" for what, count in counts.items()) + "\n")
    return 1 if wrong or not counts["agreed"] else 0


if __name__ == "__main__":
    sys.exit(main())
