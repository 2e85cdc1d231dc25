"""``flask sessions list``: the rows of the table, a line each, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import click

from ..index import SessionIndex, index_of
from ..presentation.formatting import as_json, iso, printable, shortened
from ..presentation.read_rows import ReadRow, read
from .command import SiteCommand, codec, site, user_id_of
from .output import say

PAGE_SIZE = 500


@click.command("list", cls=SiteCommand)
@click.option(
    "--user",
    metavar="USER",
    help="Only sessions in which this user is logged in: an id, or a name.",
)
@click.option("--expired", is_flag=True, help="Only sessions that have expired.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N sessions.")
@click.option(
    "--full", is_flag=True, help="Show the keys in full. Whoever has a key has the session."
)
@click.option("--json", "json_", is_flag=True, help="Write a JSON array, one session to a line.")
def list_sessions(
    user: str | None, expired: bool, limit: int | None, full: bool, json_: bool
) -> None:
    """List the sessions in the order of their keys, including expired ones."""
    user = None if user is None else user_id_of(user)
    index = index_of(site())
    is_indexed = user is not None and index.answers
    rows = _indexed(index, user, expired) if is_indexed else _rows(user=user, expired=expired)
    rows = islice(rows, limit)
    for line in _json_lines(rows, full=full) if json_ else _lines(rows, full=full):
        say(line)


def _rows(*, user: str | None, expired: bool) -> Iterator[ReadRow]:
    expired_at = site().now() if expired else None
    reader = codec()
    for page in site().store.pages(size=PAGE_SIZE, expired_at=expired_at):
        for stored in page:
            row = read(stored, reader)
            if user is None or row.user_id == user:
                yield row


def _indexed(index: SessionIndex, user: str | None, expired: bool) -> Iterator[ReadRow]:
    """Return the rows of a user in the order of their keys, without a look at any other."""
    now = site().now()
    rows = [
        found.row.without_data()
        for page in index.of_user(str(user), exactly=True)
        for found in page
        if not expired or found.row.stored.has_expired(now)
    ]
    return iter(sorted(rows, key=lambda row: str(row.stored.session_key)))


def _lines(rows: Iterator[ReadRow], *, full: bool) -> Iterator[str]:
    width = 40 if full else 7
    header = f"{'KEY':{width}}  {'EXPIRES':25}  {'SIZE':>6}  {'USER':8}  FORMAT"
    for row in rows:
        if header:  # not before the first row, since there may be an error in its place
            yield header
            header = ""
        yield _line(row, width, full=full)


def _line(row: ReadRow, width: int, *, full: bool) -> str:
    stored = row.stored
    key = printable(stored.session_key) if full else shortened(stored.session_key)
    user = "-" if row.user_id is None else printable(row.user_id)
    return f"{key:{width}}  {iso(stored.expire_date)}  {stored.size:6}  {user:8}  {row.form}"


def _json_lines(rows: Iterator[ReadRow], *, full: bool) -> Iterator[str]:
    now = site().now()
    before = "["
    for row in rows:
        yield before + as_json(row.facts(now, full=full), indent=None)
        before = ","
    yield "]" if before == "," else "[]"
