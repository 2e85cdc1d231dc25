"""What a session does outside requests: Django's own cases, then Django itself beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, mapped_column

from flask_dj_session import (
    AbstractSession,
    CreateError,
    DjangoSession,
    DjangoSessions,
    UpdateError,
)
from flask_dj_session.errors import EncodeError

from .conftest import NOW, MakeSite, Site
from .live_django import SECRET_KEY, LiveDjango, on_database

CHICAGO = "America/Chicago"
TWO_WEEKS = 1209600
ONE_DAY = 86400
UNKNOWN = "unknownkeyunknownkeyunknownkey00"


class AccountDjangoSession(DjangoSession):
    """What a site with a session store of its own makes of ours."""

    def extra_columns(self, data: Any) -> dict[str, Any]:
        account = data.get("_auth_user_id")
        return {"account_id": None if account is None else int(account)}

    def get_session_cookie_age(self) -> int:
        return ONE_DAY


@pytest.fixture
def accounts(database: Path) -> Iterator[Site]:
    """Return an app whose table has a column more."""
    app = Flask("tests.accounts")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI=f"sqlite:///{database}")
    db = SQLAlchemy(app)

    class AccountSession(AbstractSession, db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "account_session"
        account_id: Mapped[int | None] = mapped_column(index=True)

    sessions = DjangoSessions(app, db, model=AccountSession, session_class=AccountDjangoSession)
    with app.app_context():
        sessions.create_table()
        yield Site(app, db, sessions)
        db.engine.dispose()


@pytest.fixture(params=["USE_TZ", "no USE_TZ", "own model"])
def any_site(request: pytest.FixtureRequest, make_site: MakeSite) -> Site:
    """Return one of the three sites on which Django runs its own cases."""
    if request.param == "own model":
        site: Site = request.getfixturevalue("accounts")
        return site
    return make_site(USE_TZ=request.param == "USE_TZ", TIME_ZONE=CHICAGO)


@pytest.fixture
def sessions(any_site: Site) -> DjangoSessions:
    """Return the sessions of such a site."""
    return any_site.sessions


@pytest.fixture
def session(sessions: DjangoSessions) -> DjangoSession:
    """Return a new session of such a site."""
    return sessions.session()


def flags(session: DjangoSession) -> tuple[bool, bool]:
    """Return whether *session* was accessed, and whether it was modified."""
    return session.accessed, session.modified


def forget(session: DjangoSession) -> None:
    """Pretend that nothing was done to *session*."""
    session.accessed = False
    session.modified = False


def move(clock: time_machine.Traveller, moment: datetime) -> None:
    """Stop the time at *moment*."""
    # Not with move_to(), which moves the process to the time zone of the moment as well.
    clock.shift(moment - datetime.now(timezone.utc))


def key_of(session: DjangoSession) -> str:
    """Return the key that *session* must have."""
    assert session.session_key is not None
    return session.session_key


# The mapping


def test_a_new_session_is_neither_accessed_nor_modified(session: DjangoSession) -> None:
    assert flags(session) == (False, False)


def test_get_returns_none_for_what_is_not_there(session: DjangoSession) -> None:
    assert session.get("cat") is None


def test_get_returns_its_default_for_what_is_not_there(session: DjangoSession) -> None:
    assert session.get("cat", "none") == "none"
    assert flags(session) == (True, False)


def test_an_item_that_is_not_there_is_a_key_error(session: DjangoSession) -> None:
    with pytest.raises(KeyError, match="cat"):
        session["cat"]


def test_storing_an_item_modifies_the_session(session: DjangoSession) -> None:
    session["cat"] = "tabby"
    assert flags(session) == (True, True)
    assert session["cat"] == "tabby"


def test_deleting_an_item_modifies_the_session(session: DjangoSession) -> None:
    session["cat"] = "tabby"
    forget(session)
    del session["cat"]
    assert flags(session) == (True, True)
    assert "cat" not in session


def test_deleting_what_is_not_there_modifies_nothing(session: DjangoSession) -> None:
    with pytest.raises(KeyError, match="cat"):
        del session["cat"]
    assert flags(session) == (True, False)


def test_pop_returns_the_value_and_modifies_the_session(session: DjangoSession) -> None:
    session["cat"] = "tabby"
    forget(session)
    assert session.pop("cat") == "tabby"
    assert flags(session) == (True, True)
    assert session.get("cat") is None


def test_pop_with_a_default_modifies_nothing_where_there_is_none(session: DjangoSession) -> None:
    assert session.pop("cat", "none") == "none"
    assert flags(session) == (True, False)


def test_pop_takes_its_default_by_name(session: DjangoSession) -> None:
    assert session.pop("cat", default="none") == "none"
    assert flags(session) == (True, False)


def test_pop_takes_none_as_a_default(session: DjangoSession) -> None:
    assert session.pop("cat", None) is None


def test_pop_without_a_default_is_a_key_error(session: DjangoSession) -> None:
    with pytest.raises(KeyError, match="cat"):
        session.pop("cat")
    assert flags(session) == (True, False)


def test_popitem_modifies_the_session(session: DjangoSession) -> None:
    session["cat"] = "tabby"
    forget(session)
    assert session.popitem() == ("cat", "tabby")
    assert flags(session) == (True, True)


def test_setdefault_stores_what_was_not_there(session: DjangoSession) -> None:
    assert session.setdefault("cat", "tabby") == "tabby"
    assert flags(session) == (True, True)


def test_setdefault_leaves_what_was_there(session: DjangoSession) -> None:
    session["cat"] = "tabby"
    forget(session)
    assert session.setdefault("cat", "ginger") == "tabby"
    assert flags(session) == (True, False)


def test_update_modifies_the_session(session: DjangoSession) -> None:
    session.update({"cat": 1})
    assert flags(session) == (True, True)
    assert session.get("cat", None) == 1


def test_has_key_only_accesses_the_session(session: DjangoSession) -> None:
    session["cat"] = 1
    forget(session)
    assert session.has_key("cat")
    assert flags(session) == (True, False)


def test_in_only_accesses_the_session(session: DjangoSession) -> None:
    session["cat"] = 1
    forget(session)
    assert "cat" in session
    assert "dog" not in session
    assert flags(session) == (True, False)


LOOKS: dict[str, tuple[Callable[[DjangoSession], list[Any]], list[Any]]] = {
    "keys": (lambda session: list(session.keys()), ["cat"]),
    "values": (lambda session: list(session.values()), [1]),
    "items": (lambda session: list(session.items()), [("cat", 1)]),
    "iteration": (lambda session: list(session), ["cat"]),
    "length": (lambda session: [None] * len(session), [None]),
}


@pytest.mark.parametrize(("look", "seen"), LOOKS.values(), ids=LOOKS)
def test_looking_at_all_of_it_only_accesses_the_session(
    session: DjangoSession, look: Callable[[DjangoSession], list[Any]], seen: list[Any]
) -> None:
    assert look(session) == []
    assert flags(session) == (True, False)
    session["cat"] = 1
    forget(session)
    assert look(session) == seen
    assert flags(session) == (True, False)


def test_clear_drops_the_data_and_modifies_the_session(session: DjangoSession) -> None:
    session["cat"] = 1
    forget(session)
    session.clear()
    assert flags(session) == (True, True)
    assert list(session.items()) == []


def test_clear_keeps_the_key_and_empties_the_row_when_saved(any_site: Site) -> None:
    session = any_site.sessions.session()
    session["cat"] = 1
    session.save()
    again = any_site.sessions.session(session.session_key)
    again.clear()
    again.save()
    assert again.session_key == session.session_key
    assert [dict(session.decode(row.session_data)) for row in any_site.rows()] == [{}]


# The row


def test_save_stores_a_row(session: DjangoSession) -> None:
    session.save()
    assert session.exists(session.session_key)


def test_save_does_not_forget_the_data(session: DjangoSession) -> None:
    session["cat"] = "tabby"
    session.save()
    assert session["cat"] == "tabby"


def test_save_gives_a_key_of_32_lower_case_letters_and_digits(session: DjangoSession) -> None:
    session.save()
    key = key_of(session)
    assert len(key) == 32
    assert key.isalnum()
    assert key == key.lower()


def test_save_keeps_the_key_of_a_stored_session(any_site: Site) -> None:
    session = any_site.sessions.session()
    session.save()
    key = session.session_key
    session["cat"] = "tabby"
    session.save()
    assert [row.session_key for row in any_site.rows()] == [key]


def test_a_saved_session_is_loaded_by_its_key(sessions: DjangoSessions) -> None:
    session = sessions.session()
    session["cat"] = {"name": "Míca", "lives": [9, None, 0.5, True]}
    session.save()
    assert dict(sessions.session(session.session_key)) == dict(session)


def test_nothing_is_loaded_before_the_data_is_asked_for(sessions: DjangoSessions) -> None:
    session = sessions.session()
    session.save()
    again = sessions.session(session.session_key)
    assert again.session_key == session.session_key
    assert not again.is_empty()
    assert not hasattr(again, "_session_cache")
    assert flags(again) == (False, False)


def test_create_stores_a_row_at_once_and_modifies_the_session(session: DjangoSession) -> None:
    session.create()
    assert session.exists(session.session_key)
    assert session.modified


def test_a_created_session_can_be_saved(session: DjangoSession) -> None:
    session.create()
    session["cat"] = "tabby"
    session.save()
    assert session.load() == {"cat": "tabby"}


def test_create_draws_again_where_the_key_is_taken(sessions: DjangoSessions) -> None:
    taken = sessions.session()
    taken.save()
    session = sessions.session()
    draws = iter([key_of(taken), key_of(taken), UNKNOWN])
    session._get_new_session_key = lambda: next(draws)  # type: ignore[method-assign]
    session.create()
    assert session.session_key == UNKNOWN
    assert session.exists(taken.session_key)


def test_save_must_create_refuses_a_key_that_is_taken(sessions: DjangoSessions) -> None:
    taken = sessions.session()
    taken["cat"] = "tabby"
    taken.save()
    session = sessions.session(taken.session_key)
    with pytest.raises(CreateError):
        session.save(must_create=True)
    assert taken.load() == {"cat": "tabby"}


def test_delete_removes_the_row_of_a_key(session: DjangoSession) -> None:
    session.save()
    session.delete(session.session_key)
    assert not session.exists(session.session_key)


def test_delete_removes_the_sessions_own_row(session: DjangoSession) -> None:
    session.save()
    session.delete()
    assert session.session_key is not None
    assert not session.exists(session.session_key)


def test_delete_of_another_key_leaves_the_sessions_own_row(sessions: DjangoSessions) -> None:
    session, other = sessions.session(), sessions.session()
    session.save()
    other.save()
    session.delete(other.session_key)
    assert session.exists(session.session_key)
    assert not session.exists(other.session_key)


@pytest.mark.parametrize("key", ["", "1", UNKNOWN, "x" * 60, "nul\0nul\0nul"])
def test_delete_of_a_key_without_a_row_does_nothing(session: DjangoSession, key: str) -> None:
    session.save()
    session.delete(key)
    assert session.exists(session.session_key)


@pytest.mark.parametrize(
    "key",
    ["1", "x" * 41, "x" * 100_000, "nul\0nul\0nul", "\ud800" * 8, "ключключключ", "a b c d e"],
    ids=lambda key: ascii(key)[:20],
)
def test_delete_of_a_key_that_no_row_can_have_asks_the_database_nothing(
    both: Both, key: str
) -> None:
    ours, theirs = both.new()
    ours.save()
    theirs.save()
    asked: list[object] = []
    engine = both.sessions.store.engine.app_engine
    sa.event.listen(engine, "before_cursor_execute", lambda *_: asked.append(_))
    both.sessions.session(key).delete()
    ours.delete(key)
    assert asked == []
    # Django asks, and deletes nothing; of what is no Unicode the driver makes an error.
    with pytest.raises(UnicodeEncodeError) if "\ud800" in key else nullcontext():
        theirs.delete(key)
    assert ours.exists(ours.session_key)
    assert ours.exists(theirs.session_key)


def test_delete_without_any_key_does_nothing(session: DjangoSession) -> None:
    session.delete()
    assert session.session_key is None


def test_flush_drops_the_row_the_key_and_the_data(session: DjangoSession) -> None:
    session["cat"] = "tabby"
    session.save()
    key = session.session_key
    forget(session)
    session.flush()
    assert not session.exists(key)
    assert session.session_key is None
    assert flags(session) == (True, True)
    assert session.is_empty()


def test_cycle_key_moves_the_data_to_a_new_key(session: DjangoSession) -> None:
    session.update({"cat": "tabby", "dog": "pug"})
    session.save()
    key = session.session_key
    session.cycle_key()
    assert not session.exists(key)
    assert session.session_key not in (key, None)
    assert list(session.items()) == [("cat", "tabby"), ("dog", "pug")]


def test_cycle_key_loads_the_data_where_that_was_not_done(sessions: DjangoSessions) -> None:
    session = sessions.session()
    session.update({"cat": "tabby", "dog": "pug"})
    session.save()
    again = sessions.session(session.session_key)
    again.cycle_key()
    assert dict(again) == {"cat": "tabby", "dog": "pug"}
    assert again.load() == {"cat": "tabby", "dog": "pug"}


def test_cycle_key_gives_a_new_session_its_row(session: DjangoSession) -> None:
    session["cat"] = "tabby"
    session.cycle_key()
    assert session.load() == {"cat": "tabby"}


def test_a_session_that_another_ended_does_not_come_back(any_site: Site) -> None:
    session = any_site.sessions.session()
    session["cat"] = "tabby"
    session.save(must_create=True)
    any_site.sessions.session(session.session_key).delete()
    session["cat"] = "ginger"
    with pytest.raises(UpdateError):
        session.save()
    assert session.load() == {}
    assert any_site.rows() == []


def test_loading_an_unknown_key_stores_nothing_and_drops_the_key(any_site: Site) -> None:
    session = any_site.sessions.session(UNKNOWN)
    assert session.load() == {}
    assert session.session_key is None
    assert not session.exists(session.session_key)
    assert any_site.rows() == []


def test_an_unknown_key_is_never_adopted(sessions: DjangoSessions) -> None:
    session = sessions.session(UNKNOWN)
    session["cat"] = "tabby"
    session.save()
    assert session.session_key != UNKNOWN
    assert not session.exists(UNKNOWN)


@pytest.mark.parametrize(
    "key", ["x" * 41, "x" * 1000, "nul\0nul\0nul", "ключключключ", "a b c d e"]
)
def test_a_key_that_no_row_can_have_reads_as_an_empty_session(
    sessions: DjangoSessions, key: str
) -> None:
    session = sessions.session(key)
    assert session.load() == {}
    assert session.session_key is None
    assert not session.exists(key)


def test_save_under_an_unusable_key_draws_a_new_one(sessions: DjangoSessions) -> None:
    session = sessions.session("1")
    session.save()
    assert session.session_key not in ("1", None)
    assert session.get("cat") is None


def test_exists_is_false_without_a_key(session: DjangoSession) -> None:
    assert not session.exists(None)


def test_what_another_process_stored_is_read_once_the_cache_is_dropped(any_site: Site) -> None:
    session = any_site.sessions.session()
    session["cat"] = 1
    session.save()
    with any_site.app.app_context():
        row = any_site.db.session.get(any_site.sessions.model, session.session_key)
        assert row is not None
        row.session_data = session.encode({"cat": 2})
        any_site.db.session.commit()
    assert session["cat"] == 1
    del session._session_cache
    assert session["cat"] == 2


def test_a_failed_save_names_the_value_and_leaves_the_row(sessions: DjangoSessions) -> None:
    session = sessions.session()
    session["cat"] = "tabby"
    session.save()
    session["cat"] = {"names": [b"bytes"]}
    with pytest.raises(EncodeError, match=r"^cat\.names\[0\] is a bytes"):
        session.save()
    assert session.load() == {"cat": "tabby"}


# The key


@pytest.mark.parametrize("key", ["", None, "1234567"])
def test_a_key_of_under_8_characters_is_none_at_all(
    session: DjangoSession, key: str | None
) -> None:
    session._session_key = key
    assert session.session_key is None


def test_a_key_of_8_characters_is_taken(session: DjangoSession) -> None:
    session._session_key = "12345678"
    assert session.session_key == session._session_key == "12345678"


def test_the_key_is_read_only(session: DjangoSession) -> None:
    with pytest.raises(AttributeError):
        session.session_key = UNKNOWN  # type: ignore[misc]


def test_a_session_with_neither_key_nor_data_is_empty(session: DjangoSession) -> None:
    assert session.is_empty()
    assert flags(session) == (False, False)


def test_a_session_with_data_or_a_key_is_not_empty(sessions: DjangoSessions) -> None:
    session = sessions.session()
    session["cat"] = "tabby"
    assert not session.is_empty()
    assert not sessions.session(UNKNOWN).is_empty()


def test_repr_shows_neither_key_nor_data_but_whether_it_was_loaded(session: DjangoSession) -> None:
    assert repr(session).endswith("Session not loaded>")
    session["cat"] = "tabby"
    assert repr(session).endswith("Session loaded>")
    session.save()
    assert key_of(session) not in repr(session)
    assert "tabby" not in repr(session)


# The text of the row


def test_what_was_encoded_is_decoded(session: DjangoSession) -> None:
    data = {"cat": "tabby", "lives": 9}
    assert session.decode(session.encode(data)) == data


@pytest.mark.parametrize(
    "text",
    ["Zmxhc2tkajphbGtkamY=", "bad:encoded:value", "", "e30:1xVIM1:e30", "not base64"],
)
def test_a_text_that_nobody_signed_is_an_empty_session_and_logged(
    session: DjangoSession, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    assert session.decode(text) == {}
    (record,) = caplog.records
    assert record.name == "django.security.SuspiciousSession"
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("Session data corrupted (")


def test_a_text_that_is_signed_but_no_json_is_an_empty_session(
    make_site: MakeSite, django: LiveDjango
) -> None:
    from django.core.signing import TimestampSigner

    session = make_site().sessions.session()
    text = TimestampSigner(salt=session.key_salt).sign("no base64")
    assert session.decode(text) == django.store().decode(text) == {}


def test_another_key_salt_makes_another_signature(session: DjangoSession) -> None:
    text = session.encode({"cat": "tabby"})
    session.key_salt = "django.contrib.sessions.OtherStore"
    assert session.decode(text) == {}
    assert session.decode(session.encode({"cat": "tabby"})) == {"cat": "tabby"}


# When it ends


def test_a_session_lives_for_the_cookies_age(site: Site) -> None:
    session = site.sessions.session()
    assert session.get_session_cookie_age() == TWO_WEEKS
    assert session.get_expiry_age() == TWO_WEEKS


def test_a_session_of_a_class_with_an_age_of_its_own_lives_for_that(accounts: Site) -> None:
    session = accounts.sessions.session()
    assert session.get_expiry_age() == ONE_DAY
    session.set_expiry(0)
    assert session.get_expiry_age() == ONE_DAY


def test_a_session_until_browser_close_is_stored_for_the_cookies_age(
    session: DjangoSession,
) -> None:
    session.set_expiry(0)
    assert session.get_expiry_age() == session.get_session_cookie_age()


def now_on(site: Site) -> datetime:
    """Return what Django's ``timezone.now()`` is on *site*."""
    with site.app.app_context():
        zone = site.sessions.settings.naive_zone
    return NOW if zone is None else NOW.astimezone(zone).replace(tzinfo=None)


@pytest.mark.parametrize("given", ["seconds", "timedelta", "datetime"])
def test_an_expiry_of_ten_seconds_is_a_date_and_an_age(
    any_site: Site, clock: time_machine.Traveller, given: str
) -> None:
    now = now_on(any_site)
    ten = timedelta(seconds=10)
    session = any_site.sessions.session()
    choices: dict[str, Any] = {"seconds": 10, "timedelta": ten, "datetime": now + ten}
    session.set_expiry(choices[given])
    assert session.get_expiry_date(modification=now) == now + ten
    assert session.get_expiry_age(modification=now) == 10
    assert flags(session) == (True, True)


def test_seconds_count_from_the_last_change_and_a_date_does_not(
    any_site: Site, clock: time_machine.Traveller
) -> None:
    now, hour = now_on(any_site), timedelta(hours=1)
    sliding, fixed = any_site.sessions.session(), any_site.sessions.session()
    sliding.set_expiry(3600)
    fixed.set_expiry(hour)
    clock.shift(600)
    assert sliding.get_expiry_date() == now + timedelta(minutes=70)
    assert fixed.get_expiry_date() == now + hour
    assert (sliding.get_expiry_age(), fixed.get_expiry_age()) == (3600, 3000)


def test_an_expiry_that_is_given_is_used_without_loading(sessions: DjangoSessions) -> None:
    session = sessions.session(UNKNOWN)
    assert session.get_expiry_age(expiry=10) == 10
    assert session.get_expiry_age(expiry=None) == session.get_session_cookie_age()
    session.get_expiry_date(expiry=10)
    assert not hasattr(session, "_session_cache")
    assert session.session_key == UNKNOWN


def test_set_expiry_none_returns_to_the_default(session: DjangoSession) -> None:
    session.set_expiry(None)
    session.set_expiry(10)
    session.set_expiry(None)
    assert session.get_expiry_age() == session.get_session_cookie_age()
    assert dict(session) == {}


def test_set_expiry_none_modifies_nothing_where_there_is_none(session: DjangoSession) -> None:
    session.set_expiry(None)
    assert flags(session) == (True, False)


def test_set_expiry_refuses_what_is_no_time(session: DjangoSession) -> None:
    with pytest.raises(TypeError, match="A session cannot expire at a list"):
        session.set_expiry([10])  # type: ignore[arg-type]
    assert flags(session) == (False, False)


def test_set_expiry_refuses_an_empty_text_which_django_cannot_save(both: Both) -> None:
    ours, theirs = both.new()
    with pytest.raises(ValueError, match="A session cannot expire at an empty text"):
        ours.set_expiry("")
    assert flags(ours) == (False, False)
    theirs.set_expiry("")
    with pytest.raises(ValueError, match="Invalid isoformat string: ''"):
        theirs.save()


def test_an_empty_text_that_is_stored_is_no_end(both: Both) -> None:
    # As Django before 4.1 stored it, and took it.
    ours, theirs = both.new()
    ours["_session_expiry"] = ""
    ours.save()
    theirs.save()
    assert both.row(ours)[1] == both.row(theirs)[1]
    again = both.sessions.session(ours.session_key)
    assert again.get_expiry_age() == again.get_session_cookie_age() == TWO_WEEKS
    assert not again.get_expire_at_browser_close()
    again["cat"] = "tabby"
    again.save()
    assert both.row(again)[1] == both.row(theirs)[1]


@pytest.mark.parametrize("default", [False, True])
@pytest.mark.parametrize(("value", "closes"), [(10, False), (0, True), (None, None)])
def test_the_browsers_close_ends_what_set_expiry_or_else_the_site_says(
    make_site: MakeSite, default: bool, value: int | None, closes: bool | None
) -> None:
    session = make_site(SESSION_EXPIRE_AT_BROWSER_CLOSE=default).sessions.session()
    session.set_expiry(60)
    session.set_expiry(value)
    assert session.get_expire_at_browser_close() is (default if closes is None else closes)


def test_a_session_that_ends_in_the_past_has_ended(any_site: Site) -> None:
    session = any_site.sessions.session()
    session["cat"] = "tabby"
    session.set_expiry(timedelta(seconds=-10))
    session.save()
    again = any_site.sessions.session(session.session_key)
    assert "cat" not in again
    assert again.session_key is None
    assert len(any_site.rows()) == 1


def test_exists_tells_of_an_expired_row_too(sessions: DjangoSessions) -> None:
    session = sessions.session()
    session.set_expiry(-10)
    session.save()
    assert session.exists(session.session_key)


def test_a_row_ends_at_the_very_moment_that_it_names(
    sessions: DjangoSessions, clock: time_machine.Traveller
) -> None:
    session = sessions.session()
    session.set_expiry(10)
    session.save()
    clock.shift(timedelta(seconds=10, microseconds=-1))
    assert "_session_expiry" in sessions.session(session.session_key)
    clock.shift(timedelta(microseconds=1))
    assert "_session_expiry" not in sessions.session(session.session_key)


def test_clear_expired_removes_what_has_ended(any_site: Site) -> None:
    ended, lasting = any_site.sessions.session(), any_site.sessions.session()
    ended.set_expiry(-3600)
    lasting.set_expiry(3600)
    ended.save()
    lasting.save()
    assert any_site.sessions.clear_expired() == 1
    assert [row.session_key for row in any_site.rows()] == [lasting.session_key]


# The mapped class, and one of the site's own


def test_the_text_of_a_row_object_is_its_key(any_site: Site) -> None:
    session = any_site.sessions.session()
    session.save()
    (row,) = any_site.rows()
    assert str(row) == session.session_key
    assert key_of(session) not in repr(row)


def test_a_row_object_decodes_its_data(any_site: Site) -> None:
    session = any_site.sessions.session()
    session["cat"] = 1
    session.save()
    (row,) = any_site.rows()
    with any_site.app.app_context():
        assert row.get_decoded() == {"cat": 1}


def test_a_column_of_the_sites_own_is_kept_up_to_date(accounts: Site) -> None:
    session = accounts.sessions.session()
    session["_auth_user_id"] = "42"
    session.save()
    assert [row.account_id for row in accounts.rows()] == [42]
    session.pop("_auth_user_id")
    session.save()
    accounts.db.session.expire_all()
    assert [row.account_id for row in accounts.rows()] == [None]


def test_a_column_of_the_sites_own_moves_along_to_a_new_key(accounts: Site) -> None:
    session = accounts.sessions.session()
    session["_auth_user_id"] = "42"
    session.save()
    session.cycle_key()
    session.save()
    assert [row.account_id for row in accounts.rows()] == [42]


def test_a_class_with_an_age_of_its_own_shows_in_the_row(
    accounts: Site, clock: time_machine.Traveller
) -> None:
    accounts.sessions.session().save()
    assert [row.expire_date for row in accounts.rows()] == [NOW + timedelta(days=1)]


# The test cookie


def test_the_test_cookie_works_until_it_is_deleted(session: DjangoSession) -> None:
    assert not session.test_cookie_worked()
    session.set_test_cookie()
    assert session.has_key("testcookie")
    assert session.test_cookie_worked()
    session.delete_test_cookie()
    assert not session.has_key("testcookie")


def test_a_test_cookie_that_is_not_there_cannot_be_deleted(session: DjangoSession) -> None:
    with pytest.raises(KeyError, match="testcookie"):
        session.delete_test_cookie()


# Flask's names


@pytest.mark.parametrize("key", [None, UNKNOWN, "1"])
def test_a_session_without_a_row_is_new(sessions: DjangoSessions, key: str | None) -> None:
    session = sessions.session(key)
    assert session.new
    session.save()
    assert not sessions.session(session.session_key).new


def test_a_session_whose_row_has_expired_is_new(sessions: DjangoSessions) -> None:
    session = sessions.session()
    session.set_expiry(-10)
    session.save()
    assert sessions.session(session.session_key).new


def test_a_session_is_permanent_unless_it_ends_at_browser_close(session: DjangoSession) -> None:
    assert session.permanent
    session.set_expiry(0)
    assert not session.permanent


def test_permanent_false_ends_the_session_at_browser_close(session: DjangoSession) -> None:
    session.permanent = False
    assert session.get_expire_at_browser_close()
    assert dict(session) == {"_session_expiry": 0}


def test_permanent_true_undoes_set_expiry_0(session: DjangoSession) -> None:
    session.set_expiry(0)
    session.permanent = True
    assert session.get_expiry_age() == session.get_session_cookie_age()
    assert dict(session) == {}


def test_permanent_true_leaves_an_expiry_of_its_own(session: DjangoSession) -> None:
    session.set_expiry(10)
    session.permanent = True
    assert session.get_expiry_age() == 10


@pytest.mark.parametrize("permanent", [True, False])
def test_permanent_modifies_nothing_where_it_changes_nothing(
    session: DjangoSession, permanent: bool
) -> None:
    session.permanent = permanent
    forget(session)
    session.permanent = permanent
    assert flags(session) == (True, False)


def test_permanent_true_outlives_the_browser_where_the_site_says_otherwise(
    make_site: MakeSite,
) -> None:
    session = make_site(SESSION_EXPIRE_AT_BROWSER_CLOSE=True).sessions.session()
    assert not session.permanent
    session.permanent = True
    assert session.permanent
    assert session.get_expiry_age() == TWO_WEEKS


@pytest.mark.parametrize("permanent", [True, False])
def test_flasks_own_key_is_never_stored(any_site: Site, permanent: bool) -> None:
    session = any_site.sessions.session()
    session["cat"] = "tabby"
    session.permanent = not permanent
    session.permanent = permanent
    session.save()
    assert "_permanent" not in session.load()


# Beside a real Django on the same file


class Both(NamedTuple):
    """Ours and Django's sessions with the same settings on the same file."""

    sessions: DjangoSessions
    django: LiveDjango
    use_tz: bool

    def new(self) -> tuple[DjangoSession, Any]:
        """Return a new session of either."""
        return self.sessions.session(), self.django.store()

    def date(self, *wall_clock: int) -> datetime:
        """Return a date as a view on such a site has it."""
        date = datetime(*wall_clock)  # type: ignore[arg-type]
        return date.replace(tzinfo=ZoneInfo(CHICAGO)) if self.use_tz else date

    def row(self, session: Any) -> tuple[str, str]:
        """Return the row of *session* as it is in the file: data and date, both text."""
        connection = sqlite3.connect(self.django.database)
        query = "SELECT session_data, expire_date FROM django_session WHERE session_key = ?"
        ((data, date),) = connection.execute(query, (session.session_key,)).fetchall()
        connection.close()
        return data, date


@pytest.fixture(params=[True, False], ids=["USE_TZ", "no USE_TZ"])
def both(
    request: pytest.FixtureRequest,
    make_site: MakeSite,
    database_url: sa.URL,
    clock: time_machine.Traveller,
) -> Iterator[Both]:
    """Return ours and Django's sessions, in Chicago, at a stopped time."""
    config = {"USE_TZ": request.param, "TIME_ZONE": CHICAGO}
    sessions = make_site(**config).sessions
    with on_database(database_url) as django, django.settings(**config):
        yield Both(sessions, django, request.param)


Step = Callable[[Any, Both], None]


def _data(data: dict[str, Any]) -> Step:
    return lambda session, both: session.update(data)


def _seconds(seconds: float) -> Step:
    return lambda session, both: session.set_expiry(seconds)


def _timedelta(**units: float) -> Step:
    return lambda session, both: session.set_expiry(timedelta(**units))


def _date(*wall_clock: int) -> Step:
    return lambda session, both: session.set_expiry(both.date(*wall_clock))


def _default_again(session: Any, both: Both) -> None:
    session.set_expiry(10)
    session.set_expiry(None)


STEPS: dict[str, Step] = {
    "no data": _data({}),
    "data": _data({"cat": "tabby", "lives": 9, "none": None, "list": [1, 0.5, {"a": True}]}),
    "text": _data({"name": "Míca \U0001f408", "quotes": "\"'\\/<>&\u2028\x00"}),
    "much data": _data({"cats": ["tabby"] * 100}),
    "not JSON by the book": _data({"nan": float("nan"), "far": float("-inf"), "key": {1: 2}}),
    "0": _seconds(0),
    "10": _seconds(10),
    "half a second": _seconds(0.5),
    "past": _seconds(-3600),
    "an hour": _seconds(3600),
    "timedelta": _timedelta(hours=1),
    "short timedelta": _timedelta(microseconds=1),
    "past timedelta": _timedelta(days=-1),
    "date": _date(2026, 12, 24, 18, 0, 0, 5),
    "date without a fraction": _date(2026, 12, 24, 18),
    "date in the repeated hour": _date(2026, 11, 1, 1, 30),
    "date in the skipped hour": _date(2027, 3, 14, 2, 30),
    "default again": _default_again,
}

NOWS = {
    "an autumn day": NOW,
    "a full second": NOW.replace(microsecond=0),
    "before the repeated hour": datetime(2026, 11, 1, 5, 30, 0, 1, tzinfo=timezone.utc),
    "first 01:30": datetime(2026, 11, 1, 6, 30, tzinfo=timezone.utc),
    "second 01:30": datetime(2026, 11, 1, 7, 30, tzinfo=timezone.utc),
    "before the skipped hour": datetime(2027, 3, 14, 7, 59, 55, tzinfo=timezone.utc),
    "after the skipped hour": datetime(2027, 3, 14, 8, 30, tzinfo=timezone.utc),
}


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_the_row_is_djangos_to_the_byte(
    both: Both, clock: time_machine.Traveller, step: Step
) -> None:
    for name, now in NOWS.items():
        move(clock, now)
        ours, theirs = both.new()
        for session in (ours, theirs):
            step(session, both)
            session.save()
        assert (name, both.row(ours)) == (name, both.row(theirs))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_session_ends_when_djangos_does(
    both: Both, clock: time_machine.Traveller, step: Step
) -> None:
    for name, now in NOWS.items():
        move(clock, now)
        ends = []
        for session in both.new():
            step(session, both)
            date = session.get_expiry_date()
            closes = session.get_expire_at_browser_close()
            ends.append((name, session.get_expiry_age(), date, date.tzinfo is None, closes))
        assert ends[0] == ends[1]


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_each_reads_what_the_other_wrote(both: Both, step: Step) -> None:
    ours, theirs = both.new()
    for session in (ours, theirs):
        step(session, both)
        session.save()
    read_by_ours = both.sessions.session(theirs.session_key)
    read_by_theirs = both.django.store(ours.session_key)
    assert repr(dict(read_by_ours)) == repr(dict(read_by_theirs.items()))
    assert (read_by_ours.session_key is None) == (read_by_theirs.session_key is None)


@pytest.mark.slow
@pytest.mark.parametrize("now", NOWS.values(), ids=NOWS)
@pytest.mark.parametrize("seconds", [60, 1800, 3600, 7200])
def test_each_sees_a_row_exactly_as_long_as_the_other(
    both: Both, clock: time_machine.Traveller, now: datetime, seconds: int
) -> None:
    move(clock, now)
    keys = []
    for session in both.new():
        session.set_expiry(seconds)
        session.save()
        keys.append(session.session_key)
    for minutes in range(0, 200, 10):
        move(clock, now + timedelta(minutes=minutes))
        seen_by_ours = [bool(both.sessions.session(key).load()) for key in keys]
        seen_by_theirs = [bool(both.django.store(key).load()) for key in keys]
        assert seen_by_ours == seen_by_theirs
        assert seen_by_ours[0] == seen_by_ours[1]


def test_the_repeated_hour_counts_twice_without_use_tz(
    both: Both, clock: time_machine.Traveller
) -> None:
    move(clock, NOWS["first 01:30"])
    ours, _ = both.new()
    ours.set_expiry(3600)
    ours.save()
    clock.shift(timedelta(minutes=90))
    assert bool(both.sessions.session(ours.session_key).load()) is not both.use_tz
    assert bool(both.django.store(ours.session_key).load()) is not both.use_tz


def test_each_ends_what_the_other_wrote(both: Both) -> None:
    ours, theirs = both.new()
    ours.save()
    theirs.save()
    both.django.store(ours.session_key).delete()
    both.sessions.session(theirs.session_key).delete()
    assert not ours.exists(ours.session_key)
    assert not theirs.exists(theirs.session_key)


def test_neither_brings_back_what_the_other_ended(both: Both) -> None:
    from django.contrib.sessions.backends.base import UpdateError as DjangosUpdateError

    ours, theirs = both.new()
    ours.save()
    theirs.save()
    both.django.store(ours.session_key).delete()
    both.sessions.session(theirs.session_key).delete()
    with pytest.raises(UpdateError):
        ours.save()
    with pytest.raises(DjangosUpdateError):
        theirs.save()


def test_each_clears_what_the_other_let_expire(both: Both) -> None:
    for session in both.new():
        session.set_expiry(-1)
        session.save()
    assert both.sessions.clear_expired() == 2
    ours, theirs = both.new()
    for session in (ours, theirs):
        session.set_expiry(-1)
        session.save()
    theirs.clear_expired()
    assert not ours.exists(ours.session_key)
    assert not ours.exists(theirs.session_key)


@pytest.mark.parametrize("key", [None, "", "1234567", "12345678", UNKNOWN, "x" * 60])
def test_an_unknown_key_fares_as_in_django(both: Both, key: str | None) -> None:
    fates = []
    for session in (both.sessions.session(key), both.django.store(key)):
        before = session.session_key, session.is_empty()
        loaded, exists = session.load(), session.exists(key)
        fates.append((before, loaded, exists, session.session_key, session.is_empty()))
    assert fates[0] == fates[1]


@pytest.mark.parametrize("use", ["read", "write", "cycle_key", "flush", "clear"])
def test_the_flags_are_djangos(both: Both, use: str) -> None:
    seen = []
    for session in both.new():
        session["cat"] = "tabby"
        session.save()
        forget(session)
        if use == "read":
            session.get("cat")
        elif use == "write":
            session["cat"] = "ginger"
        else:
            getattr(session, use)()
        seen.append((flags(session), session.is_empty(), list(session.items())))
    assert seen[0] == seen[1]


def test_a_date_without_a_zone_is_a_wall_clocks_with_use_tz_too(
    make_site: MakeSite, database_url: sa.URL, clock: time_machine.Traveller
) -> None:
    config = {"USE_TZ": True, "TIME_ZONE": CHICAGO}
    sessions = make_site(**config).sessions
    with on_database(database_url) as django, django.settings(**config):
        both = Both(sessions, django, use_tz=True)
        ours, theirs = both.new()
        for session in (ours, theirs):
            session.set_expiry(datetime(2026, 12, 24, 18))
        ours.save()
        with pytest.warns(RuntimeWarning, match="naive datetime"):
            theirs.save()
        assert both.row(ours) == both.row(theirs)
    # Unlike Django, which cannot tell the age of such a date.
    assert ours.get_expiry_age() == 31 * ONE_DAY + 41384


def test_a_date_with_a_zone_is_understood_without_use_tz(
    make_site: MakeSite, clock: time_machine.Traveller
) -> None:
    site = make_site(USE_TZ=False, TIME_ZONE=CHICAGO)
    session = site.sessions.session()
    # Unlike Django, which cannot store it on SQLite.
    session.set_expiry(NOW + timedelta(hours=1))
    session.save()
    assert session.get_expiry_age() == 3600
    assert [row.expire_date for row in site.rows()] == [NOW + timedelta(hours=1)]


def test_a_stored_session_that_was_cleared_unseen_is_not_new(site: Site) -> None:
    stored = site.sessions.session()
    stored["a"] = 1
    stored.save()
    cleared = site.sessions.session(stored.session_key)
    cleared.clear()
    assert cleared.new is False
    assert stored.new is True


def test_a_session_is_true_where_it_has_a_key_or_data(site: Site) -> None:
    session = site.sessions.session()
    assert not session
    session["a"] = 1
    assert session
    session.save()
    with site.app.app_context():
        site.db.drop_all()
    assert site.sessions.session(session.session_key)  # nothing was asked
    session.clear()
    assert session
