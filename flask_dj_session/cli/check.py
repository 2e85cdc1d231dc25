"""``flask sessions check``: reads the table, and prints what the doctor says of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click
from flask import current_app

from ..doctor import Examination, Finding, is_healthy, setting_findings, table_findings
from ..errors import MissingTableError, SettingError
from ..interface import DjangoSessionInterface
from ..settings import django_settings
from ..store import Store, expected_facts, found_facts
from ..telling.words import printable
from .command import SiteCommand, site
from .progress import progress
from .speech import say, say_json

#: rows to a query
PAGE_SIZE = 1000

_COLOURS = {"ok": "green", "note": "yellow", "wrong": "red"}


@click.command("check", cls=SiteCommand)
@click.option(
    "--django-settings",
    "module",
    metavar="MODULE",
    envvar="DJANGO_SETTINGS_MODULE",
    help="Compare with Django's settings, as mysite.settings (default: DJANGO_SETTINGS_MODULE).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(module: str | None, as_json: bool) -> None:
    """Tell whether this app and Django understand each other.

    Nothing is changed. The exit code is 1 where something is wrong, 0 otherwise.
    """
    interface = site()
    django = _read_settings(module) if module else None  # before all that takes long
    findings = _examine(interface)
    if django is not None:
        findings += setting_findings(_own_settings(interface.store), django)
    _print(findings, as_json=as_json)
    sys.exit(0 if is_healthy(findings) else 1)


def _read_settings(module: str) -> Mapping[str, Any]:
    try:
        settings: Mapping[str, Any] = django_settings(module)
    except SettingError as error:
        raise click.ClickException(printable(error)) from error
    return settings


def _own_settings(store: Store) -> dict[str, Any]:
    # A relative path of SQLite is made absolute on the way to the engine.
    return {**current_app.config, "SQLALCHEMY_DATABASE_URI": store.engine.app_engine.url}


def _examine(interface: DjangoSessionInterface) -> list[Finding]:
    store = interface.store
    found = found_facts(store.engine, store.table)
    if found is None:
        text, _, mend = str(MissingTableError(store.table.name)).partition(". ")
        return [Finding("wrong", f"{text}.", mend)]
    expected = expected_facts(store.engine, store.table)
    findings = table_findings(found, expected)
    if expected.columns.keys() - found.columns.keys():
        return findings
    examination = Examination(
        interface.settings, now=interface.now(), salt=interface.session_class.key_salt
    )
    with progress("Reading rows", length=store.count, step=PAGE_SIZE) as advance:
        for page in store.pages(size=PAGE_SIZE):
            examination.add(page)
            advance(len(page))
    return findings + examination.findings()


def _print(findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        facts = [asdict(each) for each in findings]
        say_json({"healthy": is_healthy(findings), "findings": facts})
        return
    for finding in findings:
        click.secho(f"{finding.level:<6}", fg=_COLOURS[finding.level], nl=False)
        say(finding.text)
        if finding.mend:
            say(f"      {finding.mend}")
    wrong = sum(finding.level == "wrong" for finding in findings)
    say("")
    say(f"{wrong} wrong." if wrong else "Nothing is wrong.")
