"""The session that a view sees: Django's SessionBase over a mapping, and Flask's names on it.

A session loads nothing before you ask for its data. The :class:`.Site` knows where sessions are
kept, how they are written and what time it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar, NoReturn, TypeGuard

from blinker import NamedSignal
from flask.sessions import SessionMixin
from markupsafe import Markup
from werkzeug.exceptions import BadRequest

from . import audit, signals
from .conflicts import Merging, RowValues
from .errors import CreateError, DecodeError, SessionInterrupted, UpdateError
from .protocols import SessionSite
from .wire import SESSION_SALT, expiry, flashes, keys

_EXPIRY = "_session_expiry"
_MISSING = object()

# Django's logger and words.
_logger = logging.getLogger("django.security.SuspiciousSession")


class InterruptedRequest(SessionInterrupted, UpdateError, BadRequest):  # noqa: N818
    """A :exc:`SessionInterrupted` that Flask answers with status 400."""

    description = (
        "The request's session was deleted before the request completed."
        " The user may have logged out in a concurrent request, for example."
    )


class DjangoSession(SessionMixin):
    """Django's session, in a Flask app.

    :param session_key: the key of a session that may exist. If it does not, the key is dropped when
        the session is loaded, and the session gets a new key when it is saved.

    # Django 5.2, sessions/backends/base.py: SessionBase, sessions/backends/db.py: SessionStore
    """

    TEST_COOKIE_NAME: ClassVar[str] = "testcookie"
    TEST_COOKIE_VALUE: ClassVar[str] = "worked"

    #: what Django's store class makes of its name; change it where the site's has another
    key_salt: str = SESSION_SALT

    # How each begins; what never changes in most requests is not set in every one.
    accessed = False
    modified = False
    #: whether the end of the request saves nothing and tells the browser nothing: the row was
    #: found deleted
    interrupted = False
    #: whether a save has found that another request had changed the row since it was loaded
    has_merged = False
    _is_read_only = False
    _found: bool | None = None
    _as_loaded: dict[str, bytes | None] | None = None
    # The key of the row that the data comes from, unless this session has deleted it itself.
    _row_key: str | None = None
    #: when that row ended as it was loaded; only with SESSION_TOUCH_AFTER
    _loaded_end: Any = None
    _is_adding = _is_cycling = False
    # The text of the row as this session knows it; None where all of it is to be replaced.
    _row_text: str | None = None
    # The text of the row that a new key leaves behind, while it is deleted.
    _left_text: str | None = None
    #: is called once, with the session, when it has been stored for the next time
    once_saved: Callable[[DjangoSession], None] | None = None

    def __init__(self, session_key: str | None = None, *, site: SessionSite) -> None:
        self._site = site
        self._session_key = session_key

    def __repr__(self) -> str:
        # No key and no data: this may end in a log.
        loaded = "loaded" if "_session_cache" in vars(self) else "not loaded"
        return f"<{type(self).__name__} {loaded}>"

    # The mapping

    def __getitem__(self, key: str) -> Any:
        return self._get_session()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._get_session()[key] = value
        self.modified = True

    def __delitem__(self, key: str) -> None:
        del self._get_session()[key]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._get_session())

    # Unlike Django: a session has a length, so an empty one is false.
    def __len__(self) -> int:
        return len(self._get_session())

    def __bool__(self) -> bool:
        """Return whether there is a key or data; loads nothing.

        # Django 6.1, sessions/backends/base.py: SessionBase.__bool__; before it is always true
        """
        return not self.is_empty()

    def __contains__(self, key: object) -> bool:
        return key in self._get_session()

    def has_key(self, key: str) -> bool:
        """Return whether *key* is in the session."""
        return key in self._get_session()

    def keys(self) -> KeysView[str]:
        """Return the keys of the data."""
        return self._get_session().keys()

    def values(self) -> ValuesView[Any]:
        """Return the values of the data."""
        return self._get_session().values()

    def items(self) -> ItemsView[str, Any]:
        """Return the items of the data."""
        return self._get_session().items()

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of *key*, or *default*."""
        return self._get_session().get(key, default)

    def pop(self, key: str, default: Any = _MISSING) -> Any:
        """Remove *key* and return its value, or *default*.

        :raises KeyError: where there is neither.
        """
        self.modified = self.modified or key in self._get_session()
        if default is _MISSING:
            return self._get_session().pop(key)
        return self._get_session().pop(key, default)

    def setdefault(self, key: str, value: Any = None) -> Any:
        """Return the value of *key*; if there is none, set it to *value* first."""
        if key not in self._get_session():
            self[key] = value
        return self._get_session()[key]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Change the data as ``dict.update`` does."""
        self._get_session().update(*args, **kwargs)
        self.modified = True

    def clear(self) -> None:
        """Drop the data and keep the key; the stored data is not even loaded."""
        self._session_cache = {}
        self._row_text = None
        self.accessed = True
        self.modified = True

    # The key

    @property
    def session_key(self) -> str | None:
        """The key of the session; None where it has none yet, or none any more."""
        return self.__session_key

    @property
    def _session_key(self) -> str | None:
        return self.__session_key

    @_session_key.setter
    def _session_key(self, key: str | None) -> None:
        self.__session_key = key if keys.is_valid_key(key) else None

    def _get_new_session_key(self) -> str:
        # Unlike Django: whether the key is taken is asked by the INSERT itself.
        return keys.new_session_key()

    def _get_or_create_session_key(self) -> str:
        if self.__session_key is None:
            self._session_key = self._get_new_session_key()
        return self.__session_key  # type: ignore[return-value]

    # The data

    _session_cache: dict[str, Any]

    def _get_session(self, no_load: bool = False) -> dict[str, Any]:
        self.accessed = True
        try:
            return self._session_cache
        except AttributeError:
            if self.__session_key is None or no_load:
                self._session_cache = {}
            else:
                self._session_cache = self.load()
                if self._site.watches_changes:
                    self._watch()
        return self._session_cache

    def _watch(self) -> None:
        items = self._session_cache.items()
        self._as_loaded = {key: self._stored_form(key, value) for key, value in items}

    def _stored_form(self, key: str, value: Any) -> bytes | None:
        """Return what a row would hold of an item; None where no row can hold it."""
        try:
            return self._site.codec(self.key_salt).serialize(flashes.tagged({key: value}))
        except Exception:  # a serializer of the site's own may raise anything
            return None

    _session = property(_get_session)

    def is_empty(self) -> bool:
        """Return whether there is neither a key nor data; loads nothing."""
        return not self.__session_key and not vars(self).get("_session_cache")

    @property
    def new(self) -> bool:  # type: ignore[override]
        """Whether nothing was stored for this visitor (Flask's name)."""
        self._get_session()
        if self._found is None:  # not loaded, but cleared or begun here
            self._found = self.exists(self.session_key)
        return not self._found

    def changed_in_place(self) -> list[str]:
        """Return the names of the items that were changed in place; in debug mode only."""
        before = self._as_loaded
        if before is None:
            return []
        after = vars(self).get("_session_cache", {})
        return [key for key, value in after.items() if self._has_changed(before, key, value)]

    def _has_changed(self, before: dict[str, bytes | None], key: str, value: Any) -> bool:
        # What would be stored is compared, not the values: a NaN is not equal to itself, 1 is
        # equal to True, and an array answers with an array.
        if key not in before:
            return True
        return before[key] is not None and before[key] != self._stored_form(key, value)

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Write data as the text of a row.

        :raises EncodeError: naming the value that cannot be stored.
        """
        codec = self._site.codec(self.key_salt)
        return codec.encode(flashes.tagged(session_dict), self._site.now())

    def decode(self, session_data: str) -> dict[str, Any]:
        """Read the text of a row; if that fails, log it and return an empty dict."""
        try:
            data = self._site.codec(self.key_salt).decode(session_data)
        except DecodeError as error:
            # Unlike Django: it is silent about what is signed, but is no JSON; and tells no reason.
            _logger.warning("Session data corrupted (%s)", error.reason)
            self._tell(signals.session_corrupted, reason=error.reason)
            return {}
        flashes.untag(data, Markup)
        return data

    # The row

    def _can_be_stored(self, key: str | None) -> TypeGuard[str]:
        return keys.is_storable_key(key, self._site.store.max_key_length)

    @property
    def is_read_only(self) -> bool:
        """Whether changes stay in memory: the request only shows sessions."""
        # It stays so when the request is over, and nobody could tell any more.
        self._is_read_only = self._is_read_only or self._site.keeps_as_it_is(self)
        return self._is_read_only

    def exists(self, session_key: str | None) -> bool:
        """Return whether there is a row for *session_key*, expired or not."""
        return self._can_be_stored(session_key) and self._site.store.exists(session_key)

    def load(self) -> dict[str, Any]:
        """Return the stored data; if there is none, drop the key and return an empty dict."""
        key = self.__session_key
        text = self._load_text(key) if self._can_be_stored(key) else None
        self._found = text is not None
        if text is None:
            # A key that the server did not give out is never adopted.
            audit.tell(self._site.settings, "refused", self._known(), reason="unknown key")
            self._session_key = None
            return {}
        self._row_key, self._row_text = key, text
        return self.decode(text)

    def _load_text(self, key: str) -> str | None:
        site = self._site
        if site.settings.touch_after is None:
            return site.store.load(key, site.now())
        text, self._loaded_end = site.store.load_with_end(key, site.now())
        return text

    def touch(self) -> bool:
        """Move the end of the row, as a save would, but only if SESSION_TOUCH_AFTER says so.

        :returns: whether it was moved. It is not if the session is empty, ends at a fixed date or
            was not loaded, or if another request has changed or removed the row since then.
        """
        loaded, after = self._loaded_end, self._site.settings.touch_after
        is_of_row = self._row_key is not None and self._row_key == self.session_key
        if loaded is None or after is None or not is_of_row or not self._session_cache:
            return False
        end = self._moving_end()
        if end is None or (end - loaded.moment).total_seconds() < after or self.is_read_only:
            return False
        self._loaded_end = None
        return self._site.store.touch(self.session_key or "", loaded, end)

    def _moving_end(self) -> datetime | None:
        """Return when the session ends, counted from now; None where that is no matter of now."""
        try:
            if expiry.fixed_date(self._expiry({})) is not None:
                return None
            return self._aware(self.get_expiry_date())
        except (TypeError, ValueError, OverflowError):  # an expiry that Django did not write
            return None

    def create(self) -> None:
        """Store the session under a new key, at once.

        :raises SessionInterrupted: if another request has ended the session that the data comes
            from; then nothing is stored.
        """
        if self._found is None:
            self._found = False
        origin = self._row_key
        self._add()
        if not (self._is_cycling or self.is_read_only):
            # Unlike Django: what has ended does not go on under another key.
            if origin is not None and not self.exists(origin):
                self._take_back(origin)
            self._tell(signals.session_created)
        self.modified = True

    def _add(self) -> None:
        self._is_adding = True
        try:
            while True:
                self._session_key = self._get_new_session_key()
                self._check_drawn_key()
                with suppress(CreateError):
                    self.save(must_create=True)
                    return
        finally:
            self._is_adding = False

    def _take_back(self, origin: str) -> NoReturn:
        """Remove the row that was just added, as the one of *origin* is gone."""
        # In this order nothing is lost where the process ends in between: the row that stays then
        # has a key that nobody was given.
        self.delete()
        self._session_key = self._row_key = origin
        self.interrupted = True
        raise InterruptedRequest

    def _check_drawn_key(self) -> None:
        if not self._can_be_stored(self.__session_key):
            raise ValueError(
                f"'{type(self).__name__}._get_new_session_key' returned a key that cannot be"
                " stored. Let it return visible ASCII characters: at least 8, and at most"
                f" {self._site.store.max_key_length}, which is the size of column 'session_key'."
            )

    def save(self, must_create: bool = False) -> None:
        """Store the session; if it has no key, it gets a new one.

        :param must_create: add a row instead of changing one.
        :raises CreateError: if *must_create* is true and the key is taken.
        :raises UpdateError: if the row is gone.
        :raises EncodeError: naming the value that cannot be stored.
        """
        if not self._can_be_stored(self.__session_key):
            # Unlike Django: a key that no row can have is like none at all.
            self.create()
            return
        self._get_session(no_load=must_create)
        if self.is_read_only:
            return
        if must_create and self.__session_key == self._row_key:
            self._refuse_second_row(self.__session_key)
        key = self._get_or_create_session_key()
        self._row_text = self._write(key, must_create=must_create)
        self._row_key = key
        if self._site.watches_changes:
            self._watch()
        if must_create and not self._is_adding:
            self._tell(signals.session_created)
        if self.once_saved is not None:
            once_saved, self.once_saved = self.once_saved, None
            once_saved(self)

    def _write(self, key: str, *, must_create: bool) -> str:
        """Write the row, and return its text."""
        as_loaded = None if must_create else self._row_text
        values = self._row_values()
        text, expire_date, columns = values
        if as_loaded is not None and self._site.mergers is not None:
            if self._site.store.replace(key, as_loaded, text, expire_date, **columns):
                return text
            self.has_merged = True
            # Unlike Django: what another request has stored in the meantime is kept.
            return self._merging().store(key, as_loaded, tried=values)
        write = self._site.store.insert if must_create else self._site.store.update
        write(key, text, expire_date, **columns)
        return text

    def _row_values(self) -> RowValues:
        text = self.encode(self._session_cache)
        expire_date = self._aware(self.get_expiry_date())
        return RowValues(text, expire_date, self.extra_columns(self._session_cache))

    def _merging(self) -> Merging:
        """Return how changes of others are kept."""
        return Merging(
            self._site.store,
            self._site.now,
            self._site.mergers or {},
            self._session_cache,
            self._row_values,
            self.decode,
            self._read_again,
            self._stored_form,
        )

    def _read_again(self, text: str) -> dict[str, Any]:
        try:
            data = self._site.codec(self.key_salt).decode(text)
        except DecodeError:  # which was told when it was read first
            return {}
        flashes.untag(data, Markup)
        return data

    def _refuse_second_row(self, key: str) -> NoReturn:
        if self.exists(key):
            raise CreateError("The session key is taken")
        # Unlike Django: a row that was there and is gone is not added again.
        raise UpdateError("The session's row is gone")

    def extra_columns(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of columns that you have added to the table; override it.

        In Django, you would override ``create_model_instance``.
        """
        return {}

    def delete(self, session_key: str | None = None) -> None:
        """Remove the row of *session_key*, by default this session's, if there is one."""
        key = self.session_key if session_key is None else session_key
        self._has_deleted = (
            not self.is_read_only and self._can_be_stored(key) and self._delete_row(key)
        )
        if key == self._row_key:
            self._row_key = self._row_text = None

    def _delete_row(self, key: str) -> bool:
        left = self._left_text
        if left is None or self._site.mergers is None:
            return self._site.store.delete(key)
        was_there, has_changed = self._merging().leave(key, left)
        if has_changed and was_there:
            self.save()
        return was_there

    def flush(self) -> None:
        """Drop the data, the row and the key, as at a logout."""
        before = self._known()
        self._has_deleted = False
        self.clear()
        self.delete()
        self._session_key = self._row_key = None
        if self._has_deleted:
            self._tell(signals.session_flushed, ended=before)

    def cycle_key(self) -> None:
        """Move the data to a new key, as at a login.

        :raises SessionInterrupted: if another request has ended the session in the meantime; then
            nothing is stored.
        """
        self._get_session()
        was_modified, before = self.modified, self._known()
        old_key, origin, left_text = self.session_key, self._row_key, self._row_text
        self._is_cycling = old_key is not None
        try:
            self.create()
        finally:
            self._is_cycling = False
        if old_key is None:
            return
        self._left_text = left_text
        try:
            self.delete(old_key)
        finally:
            self._left_text = None
        if self.is_read_only:
            return
        # Unlike Django: what has ended does not go on under another key.
        if origin == old_key and not self._has_deleted:
            self.modified = was_modified
            self._take_back(old_key)
        self._tell(signals.session_cycled, before=before)

    def _known(self) -> audit.Known | None:
        return audit.known(self.session_key, vars(self).get("_session_cache"))

    def _tell(self, signal: NamedSignal, *, ended: audit.Known | None = None, **more: Any) -> None:
        audit.tell(self._site.settings, signal.name, ended or self._known(), **more)
        if signal.receivers:
            signal.send(self._site.sender, session=self)

    # When it ends

    def get_session_cookie_age(self) -> float:
        """Return how many seconds a session lasts by default."""
        return self._site.settings.cookie_age

    def get_expiry_age(self, **kwargs: Any) -> Any:
        """Return the seconds until the session ends.

        :param modification: the time to count from; by default now.
        :param expiry: a value of :meth:`set_expiry`; by default the session's own, for which the
            session is loaded.
        """
        value = self._expiry(kwargs)
        date = expiry.fixed_date(value)
        if date is not None:
            return expiry.seconds_between(self._modification(kwargs), self._site_time(date))
        return value or self.get_session_cookie_age()

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """Return when the session ends, as a date: naive if USE_TZ is false, as in Django.

        It takes the arguments of :meth:`get_expiry_age`.
        """
        value = self._expiry(kwargs)
        date = expiry.fixed_date(value)
        if date is not None:
            return self._site_time(date)
        seconds: Any = value or self.get_session_cookie_age()
        return expiry.date_after(self._modification(kwargs), seconds)

    def set_expiry(self, value: int | float | datetime | timedelta | str | None) -> None:
        """Set when the session ends.

        :param value: seconds without activity (0: when the browser is closed), a date, a time
            from now, or None for the site's default.
        :raises TypeError: for anything else.
        :raises ValueError: for an empty text.
        """
        if value is None:
            self.pop(_EXPIRY, None)
            return
        if isinstance(value, timedelta):
            value = self._now() + value
        if isinstance(value, datetime):
            value = value.isoformat()
        if not isinstance(value, (int, float, str)):
            # Unlike Django: it stores the value, and fails when the session is saved.
            raise TypeError(
                f"A session cannot expire at a {type(value).__name__}; give seconds, a datetime,"
                " a timedelta or None."
            )
        if value == "":
            # Unlike Django: it stores this, too, and fails when the session is saved.
            raise ValueError(
                "A session cannot expire at an empty text; give None for the site's default."
            )
        self[_EXPIRY] = value

    def get_expire_at_browser_close(self) -> bool:
        """Return whether the session ends when the browser is closed."""
        value = self._get_session().get(_EXPIRY)
        if value is None:
            return self._site.settings.expire_at_browser_close
        return bool(value == 0)

    @property
    def permanent(self) -> bool:
        """Whether the session lasts when the browser is closed (Flask's name)."""
        return not self.get_expire_at_browser_close()

    @permanent.setter
    def permanent(self, value: bool) -> None:
        if bool(value) is self.permanent:
            return
        if not value:
            self.set_expiry(0)
            return
        self.set_expiry(None)
        if self._site.settings.expire_at_browser_close:
            self.set_expiry(self.get_session_cookie_age())

    def _expiry(self, given: dict[str, Any]) -> expiry.Expiry:
        value: expiry.Expiry = (
            given["expiry"] if "expiry" in given else self._get_session().get(_EXPIRY)
        )
        return value

    def _modification(self, given: dict[str, Any]) -> datetime:
        return self._site_time(given["modification"]) if "modification" in given else self._now()

    def _now(self) -> datetime:
        """Return what Django's ``timezone.now()`` returns on this site."""
        site = self._site
        return site.now() if site.settings.naive_zone is None else self._site_time(site.now())

    def _site_time(self, moment: datetime) -> datetime:
        settings = self._site.settings
        return expiry.to_site_time(moment, settings.naive_zone, settings.time_zone)

    def _aware(self, moment: datetime) -> datetime:
        if moment.tzinfo is not None:
            return moment
        return moment.replace(tzinfo=self._site.settings.naive_zone or timezone.utc)

    # The test cookie

    def set_test_cookie(self) -> None:
        """Set a test value, to find out whether the browser accepts cookies."""
        self[self.TEST_COOKIE_NAME] = self.TEST_COOKIE_VALUE

    def test_cookie_worked(self) -> bool:
        """Return whether the value of :meth:`set_test_cookie` has come back."""
        return bool(self.get(self.TEST_COOKIE_NAME) == self.TEST_COOKIE_VALUE)

    def delete_test_cookie(self) -> None:
        """Remove the test value.

        :raises KeyError: if there is none.
        """
        del self[self.TEST_COOKIE_NAME]
