"""A user's sessions: listed, ended, and not more of them than the settings allow."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from datetime import datetime, timezone
from functools import partial
from typing import Any

from flask import Request

from ..index import Found, SessionIndex, UserSession
from ..session import DjangoSession
from ..site import Site
from ..site import session_of as known_session
from . import login_time
from .accounts import Accounts
from .clients import client_of
from .hashes import Match
from .verification import doubt, verify

_USER_ID = "_auth_user_id"
_HASH = "_auth_user_hash"
_LABEL = b"flask_dj_session.auth.session"
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)

_logger = logging.getLogger("flask_dj_session.index")


class UserSessions:
    """The sessions of the users of one app.

    :param accounts: its users.
    :param index: knows whose a session is.
    """

    def __init__(self, accounts: Accounts, index: SessionIndex) -> None:
        self._accounts = accounts
        self._index = index
        self._has_warned = False

    @property
    def _site(self) -> Site:
        return self._accounts.site

    # Told of

    def of(self, user: Any, request: Request | None) -> list[UserSession]:
        """Return the live sessions in which *user* is logged in: the present one, then by last use.

        Those that a changed password or SESSION_ABSOLUTE_AGE has ended are left out, though their
        rows may be there.
        """
        current = current_key(request)
        found = [one for page in self._index.of_user(str(user.pk)) for one in page]
        if current is not None and all(one.row.stored.session_key != current for one in found):
            found += self._present(user, current)
        reader = self._index.reader()
        told = [
            self._told(one, user, current, reader.last_seen(one.row))
            for one in found
            if self._counts(one, user)
        ]
        return sorted(told, key=lambda one: (one.is_current, one.last_seen or _LONG_AGO))[::-1]

    def _present(self, user: Any, key: str) -> list[Found]:
        """Return the session of the request, if it is the user's: that one must not be missed."""
        reader, stored = self._index.reader(), self._site.store.row(key)
        row = None if stored is None else reader.read(stored)
        if row is None or row.user_id != str(user.pk):
            return []
        return [Found(row, reader.last_saved(row))]

    def _counts(self, found: Found, user: Any) -> bool:
        reading = found.row.reading
        now, longest = self._site.now(), self._site.settings.absolute_age
        if reading is None or found.row.stored.has_expired(now):
            return False
        if longest is not None and login_time.has_outlived(reading.data, longest, now):
            return False
        made = reading.data.get(_HASH)
        if verify(self._accounts, made, user) is not Match.NONE:
            return True
        return doubt(self._accounts, made, user) is not None

    def _told(
        self, found: Found, user: Any, current: str | None, last_seen: datetime | None
    ) -> UserSession:
        stored = found.row.stored
        key = str(stored.session_key)
        return UserSession(
            reference=self._reference(user, key),
            is_current=key == current,
            created=found.created,
            is_created_known=found.is_login_seen,
            last_seen=last_seen,
            expire_date=stored.expire_date,
            address=found.address,
            user_agent=found.user_agent,
            session_key=key,
        )

    def _reference(self, user: Any, session_key: str) -> str:
        """Name a session so that nobody reads its key in it, or makes a name up."""
        secret = self._site.settings.keys[0]
        key = hmac.digest(
            secret if isinstance(secret, bytes) else secret.encode(), _LABEL, "sha256"
        )
        named = f"{user.pk}\0{session_key}".encode(errors="surrogatepass")
        digest = hmac.new(key, named, hashlib.sha256).digest()[:18]
        return base64.urlsafe_b64encode(digest).decode("ascii")

    # Ended

    def end(self, user: Any, *, but: str | None = None) -> int:
        """End all sessions of *user*, and return how many.

        :param but: the key of one that goes on.
        """
        number = 0
        for page in self._index.of_user(str(user.pk), exactly=True):
            number += self._index.end([one for one in page if one.row.stored.session_key != but])
        return number

    def end_one(self, user: Any, reference: str, *, but: str | None = None) -> bool:
        """End the session of *user* that *reference* names, and return whether there was one.

        :param but: the key of one that goes on.
        """
        for page in self._index.of_user(str(user.pk)):
            for found in page:
                key = str(found.row.stored.session_key)
                is_named = _are_equal(self._reference(user, key), reference)
                if is_named and key != but:
                    return self._index.end([found]) == 1
        return False

    def end_oldest(self, user_id: str, *, kept: int, but: str | None) -> int:
        """End the sessions of a user but for the newest, and return how many.

        Those that a changed password or SESSION_ABSOLUTE_AGE has ended take nobody's place.

        :param kept: how many go on.
        :param but: the key of one that does so in any case.
        """
        now, others = self._site.now(), max(0, kept - 1)
        rest = [
            found
            for page in self._index.of_user(user_id, or_by_reading=False)
            for found in page
            if found.row.stored.session_key != but and not found.row.stored.has_expired(now)
        ]
        if len(rest) > others and (user := self._user(user_id)) is not None:
            rest = [found for found in rest if self._counts(found, user)]
        rest.sort(key=lambda found: found.created or _LONG_AGO, reverse=True)
        return self._index.end(rest[others:])

    def _user(self, user_id: str) -> Any:
        users = self._accounts.users
        return users.by_pk(users.read_pk(user_id))

    # At a login

    def note_login(self, session: DjangoSession, user: Any, request: Request) -> None:
        """See to it that the login is entered when *session* has been stored with it."""
        settings = self._site.settings
        client = client_of(request, settings) if settings.records_client else (None, None)
        session.once_saved = partial(self._enter, str(user.pk), client)

    def note_move(self, session: DjangoSession, former: str | None) -> None:
        """Keep what is known of a login under the new key of its session, whose row is there."""
        if former is not None and self._index.enters_logins and not session.is_read_only:
            self._index.move(former, session.session_key)

    def _enter(
        self, user_id: str, client: tuple[str | None, str | None], session: DjangoSession
    ) -> None:
        key = session.session_key
        if key is None or session.get(_USER_ID) != user_id:
            return  # who has logged in has logged out again
        self._index.enter_login(key, user_id, *client)
        if (most := self._site.settings.max_per_user) is not None:
            self._keep_to(most, user_id, key)

    def _keep_to(self, most: int, user_id: str, key: str) -> None:
        """End what is too much; nobody's login fails where that cannot be done."""
        with self._index.for_a_login("SESSION_MAX_PER_USER was not kept to at a login"):
            if self._index.is_in_use:
                self.end_oldest(user_id, kept=most, but=key)
            elif not self._has_warned:
                self._has_warned = True
                self._tell_of_no_index(most)

    def _tell_of_no_index(self, most: int) -> None:
        remedy = " Create it with 'flask sessions index'." if self._index.is_possible else ""
        _logger.warning(
            "'SESSION_MAX_PER_USER' is %s, and no session was ended: there is no index, without"
            " which all rows would be read at each login.%s",
            most,
            remedy,
        )


def _are_equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode(errors="replace"))


def current_key(request: Request | None) -> str | None:
    """Return the key of the session of *request*; None where it has none."""
    session = None if request is None else known_session(request)
    return None if session is None else session.session_key
