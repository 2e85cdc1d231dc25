"""``flask sessions check``: reads the table, and prints the findings of ``checks``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple

import click
import sqlalchemy as sa
from flask import current_app

from ..checks import (
    UNTRACEABLE,
    Examination,
    Finding,
    Measure,
    Policy,
    fingerprint_finding,
    is_healthy,
    journal_findings,
    pooler_findings,
    setting_findings,
    table_findings,
    unheeded_findings,
)
from ..errors import MissingTableError, SettingError
from ..presentation.formatting import printable
from ..settings import ORIGIN, Origin, django_settings, read_again
from ..site import Site
from ..store import (
    Store,
    database_time,
    expected_facts,
    found_facts,
    found_pooler,
    has_rollback_journal,
)
from .check_cache import examine_cache, examine_cache_alone
from .command import SiteCommand, message_of, site
from .output import say, say_json
from .policy import NOT_MEASURED, as_facts, measured, policy_for, print_measures
from .progress import progress

#: rows to a query
PAGE_SIZE = 1000

_COLOURS = {"ok": "green", "note": "yellow", "wrong": "red"}


class _Django(NamedTuple):
    """The Django settings, and what was not to be had of them."""

    settings: Mapping[str, Any] | None
    not_compared: list[str]


@click.command("check", cls=SiteCommand)
@click.option(
    "--django-settings",
    "module",
    metavar="MODULE",
    envvar="DJANGO_SETTINGS_MODULE",
    help=(
        "Compare with Django's settings, such as mysite.settings (default: DJANGO_SETTINGS_MODULE,"
        " or the module that the app's settings were read from)."
    ),
)
@click.option("--policy", "is_measured", is_flag=True, help="Measure how sessions are used, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(module: str | None, is_measured: bool, as_json: bool) -> None:
    """Check whether this app and Django can read each other's sessions.

    The command changes nothing. The exit code is 1 if something is wrong, and 0 otherwise.
    """
    own = site()
    django = _read_settings(module)  # before all that takes long
    policy = policy_for(own) if is_measured else None
    findings, is_whole = _examine_from_afar(own, policy)
    if own.check_logins is None:
        findings += unheeded_findings(own.settings)
    if is_measured and policy is None:
        findings.append(NOT_MEASURED)
    if django.settings is not None:
        # A setting that differs is the cause of what is found in the rows.
        findings = setting_findings(_own_settings(own.store), django.settings) + findings
    measures = None if policy is None or not is_whole else measured(own, policy)
    _print(findings, django.not_compared if is_whole else [], measures, as_json=as_json)
    sys.exit(0 if is_healthy(findings) else 1)


def _read_settings(module: str | None) -> _Django:
    origin = current_app.config.get(ORIGIN)
    try:
        if isinstance(origin, Origin) and module in (None, origin.module):
            return _with_database(partial(read_again, origin), origin.using)
        if module is None:
            return _Django(None, UNTRACEABLE)
        return _with_database(partial(django_settings, module), "default")
    except SettingError as error:
        raise click.ClickException(printable(error)) from error


def _with_database(read: Callable[..., dict[str, Any]], using: str | None) -> _Django:
    try:
        return _Django(read(using=using), [] if using else ["DATABASES"])
    except SettingError as error:
        if error.name != "DATABASES":
            raise
        # One that this package cannot use is no reason to compare nothing.
        return _Django(read(using=None), ["DATABASES"])


def _own_settings(store: Store) -> dict[str, Any]:
    if not store.has_table:
        return current_app.config
    # A relative path of SQLite is made absolute on the way to the engine.
    return {**current_app.config, "SQLALCHEMY_DATABASE_URI": store.engine.app_engine.url}


def _examine_from_afar(site: Site, policy: Policy | None) -> tuple[list[Finding], bool]:
    """Examine the way to the database, then what is in it."""
    if not site.store.has_table:
        return examine_cache_alone(site), True
    on_the_way = pooler_findings(found_pooler(site.store.engine))
    try:
        findings, is_whole = _examine(site, policy)
    except Exception as error:
        if is_healthy(on_the_way):
            raise
        # Most likely for what was found on the way, which is not to get lost: pg8000 raises what
        # comes first, AttributeError included.
        findings, is_whole = [_unreadable("table", error)], False
    return on_the_way + findings, is_whole


def _unreadable(what: str, error: Exception) -> Finding:
    said = message_of(error).rstrip(".")
    return Finding("wrong", f"The {what} could not be read to the end: {said}.")


def _examine(site: Site, policy: Policy | None) -> tuple[list[Finding], bool]:
    """Examine table, keys and rows; tell whether there is a table that has rows."""
    store = site.store
    found = found_facts(store.engine, store.table)
    if found is None:
        text, _, hint = str(MissingTableError(store.table.name)).partition(". ")
        return [Finding("wrong", f"{text}.", hint)], False
    expected = expected_facts(store.engine, store.table)
    findings = table_findings(found, expected)
    findings += journal_findings(has_rollback_journal=has_rollback_journal(store.engine))
    if expected.columns.keys() - found.columns.keys():
        return findings, False
    findings.append(fingerprint_finding(site.settings.keys, _database_name(store)))
    return findings + _examine_rows(site, policy) + examine_cache(site), True


def _examine_rows(site: Site, policy: Policy | None) -> list[Finding]:
    store = site.store
    try:
        examination = Examination(
            site.settings,
            now=site.now(),
            database_now=database_time(store.engine),
            salt=site.session_class.key_salt,
            policy=policy,
            has_login=site.check_logins is not None,
        )
        with progress("Reading rows", length=store.count, step=PAGE_SIZE) as advance:
            for page in store.pages(size=PAGE_SIZE):
                examination.add(page)
                advance(len(page))
    except sa.exc.SQLAlchemyError as error:
        return [_unreadable("rows", error)]
    return [*examination.findings(), *_examine_logins(site, examination)]


def _examine_logins(site: Site, examination: Examination) -> list[Finding]:
    if site.check_logins is None:
        return []
    try:
        return site.check_logins(examination.logins.data)
    except sa.exc.SQLAlchemyError as error:  # what the rows have shown is not to get lost
        return [_unreadable("users", error)]


def _database_name(store: Store) -> str:
    """Name the database, as any program on it may; a path may be another one for each."""
    return (store.engine.app_engine.url.database or "").replace("\\", "/").rpartition("/")[2]


def _print(
    findings: list[Finding],
    not_compared: list[str],
    measures: list[Measure] | None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        facts = [asdict(each) for each in findings]
        healthy = is_healthy(findings)
        told = {"healthy": healthy, "findings": facts, "not_compared": not_compared}
        say_json(told if measures is None else {**told, "measures": as_facts(measures)})
        return
    for finding in findings:
        _print_line(finding.level, finding.text, finding.hint)
    if not_compared:
        _print_line("--", *_not_compared(not_compared))
    if measures is not None:
        print_measures(measures)
    say("")
    say(_summary([finding.level for finding in findings]))


def _summary(levels: list[str]) -> str:
    if wrong := levels.count("wrong"):
        return f"{wrong} wrong."
    notes = levels.count("note")
    mind = (
        ""
        if not notes
        else ", but read the note"
        if notes == 1
        else f", but read the {notes} notes"
    )
    return f"Nothing is wrong{mind}."


def _print_line(level: str, text: str, hint: str) -> None:
    click.secho(f"{level:<6}", fg=_COLOURS.get(level), nl=False)
    say(text)
    if hint:
        say(f"      {hint}")


def _not_compared(names: list[str]) -> tuple[str, str]:
    if names == UNTRACEABLE:
        return (
            f"Not compared, because no row shows them: {', '.join(names)}.",
            "Name the Django settings: '--django-settings mysite.settings'.",
        )
    return (
        f"Not compared, because the Django settings were not read for it: {', '.join(names)}.",
        "",
    )
