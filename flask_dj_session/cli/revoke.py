"""``flask sessions revoke``: end one session, those of a user, or all."""

from __future__ import annotations

from collections.abc import Iterator

import click

from .. import audit
from ..index import SessionIndex, index_of
from ..presentation.formatting import counted
from ..presentation.read_rows import ReadRow, read
from ..site import Site
from ..store import Store
from .choice import only_row
from .command import SiteCommand, codec, site, stopped, user_id_of
from .output import say
from .progress import Advance, progress

PAGE_SIZE = 500


@click.command("revoke", cls=SiteCommand)
@click.argument("key", required=False)
@click.option(
    "--user",
    metavar="USER",
    help="End the sessions in which this user is logged in: an id, or a name.",
)
@click.option("--all", "all_", is_flag=True, help="End every session.")
@click.option("--yes", is_flag=True, help="Do not ask before ending every session.")
def revoke(key: str | None, user: str | None, all_: bool, yes: bool) -> None:
    """End sessions: log their visitors out and delete their data.

    KEY is a session key, or 6 characters or more of its beginning.
    """
    if [key is not None, user is not None, all_].count(True) != 1:
        raise click.UsageError("Give one of KEY, --user USER and --all.")
    store = site().store
    if key is not None:
        row = only_row(store, key)
        number = store.delete_keys([row.key_to_delete])
        audit.tell_revoked(site().settings, row.session_key)
    elif user is not None:
        number = _revoke_user(site(), user_id_of(user))
    else:
        number = _revoke_all(store, ask=not yes)
    say(f"{counted(number, 'session')} revoked.")


def _revoke_all(store: Store, *, ask: bool) -> int:
    if ask:
        number = counted(store.count(), "session")
        click.confirm(f"Revoke {number}? Every visitor is logged out.", abort=True)
    return store.delete_all()


def _revoke_user(site: Site, user: str) -> int:
    index = index_of(site)
    revocation = _ByIndex(user, index) if index.answers else _ByReading(site, user)
    try:
        with progress("Reading", length=revocation.length, step=PAGE_SIZE) as advance:
            revocation.run(advance)
    except KeyboardInterrupt:
        raise stopped(f"{counted(revocation.revoked, 'session')} revoked so far.") from None
    if revocation.unreadable:
        unreadable = counted(revocation.unreadable, "session")
        say(f"{unreadable} could not be read, and was kept.", err=True)
    return revocation.revoked


class _ByReading:
    """Counts what is revoked, also where it is interrupted."""

    def __init__(self, site: Site, user: str) -> None:
        self._site = site
        self._store = site.store
        self._user = user
        self.revoked = self.unreadable = 0

    def length(self) -> int:
        """Return how many rows are read."""
        return self._store.count()

    def run(self, advance: Advance) -> None:
        """Go through the table, since only the data tells whose a session is."""
        reader = codec()
        for page in self._store.pages(size=PAGE_SIZE):
            rows = (read(stored, reader).without_data() for stored in page)
            of_user = list(self._of_user(rows))
            self.revoked += self._store.delete_keys([row.stored.key_to_delete for row in of_user])
            for row in of_user:
                audit.tell_revoked(self._site.settings, row.stored.session_key, self._user)
            advance(len(page))

    def _of_user(self, rows: Iterator[ReadRow]) -> Iterator[ReadRow]:
        for row in rows:
            self.unreadable += row.reading is None
            if row.user_id == self._user:
                yield row


class _ByIndex:
    """Does the same where it is known whose the sessions are."""

    def __init__(self, user: str, index: SessionIndex) -> None:
        self._user = user
        self._index = index
        self.revoked = self.unreadable = 0

    def length(self) -> int:
        """Return that there is nothing to wait for."""
        return 0

    def run(self, advance: Advance) -> None:
        """Go through the user's rows."""
        for page in self._index.of_user(self._user, exactly=True):
            self.revoked += self._index.end(page)
        self.unreadable = self._index.count_unreadable()
