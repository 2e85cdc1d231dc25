"""What ``flask sessions check --policy`` prints besides: measures, and no judgement of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from ..checks import Finding, Measure, Policy
from ..errors import MissingTableError
from ..site import Site
from .output import say

NOT_MEASURED = Finding(
    "note",
    "Nothing was measured, because the sessions are in a cache alone, and only rows show how"
    " sessions are used.",
)


def policy_for(site: Site) -> Policy | None:
    """Return what measures the rows of a site; None where it has none."""
    return Policy(site.now(), site.settings.absolute_age) if site.store.has_table else None


def measured(site: Site, policy: Policy) -> list[Measure]:
    """Return what was measured; without the users, where they cannot be asked."""
    try:
        return policy.measures(site.inactive_users)
    except (sa.exc.SQLAlchemyError, MissingTableError):  # of which the check itself has told
        return policy.measures(None)


def as_facts(measures: list[Measure]) -> list[dict[str, Any]]:
    """Return the measures for programs."""
    return [asdict(each) for each in measures]


def print_measures(measures: list[Measure]) -> None:
    """Print the measures for people."""
    say("")
    say("Measured, to be compared with what you have decided:")
    for each in measures:
        say(f"      {each.text}")
