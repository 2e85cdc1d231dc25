"""What a visitor with an account does, to and fro: one login for both sides."""

from __future__ import annotations

from typing import Any

from .scenarios import UNKNOWN_KEY, Meeting, Scenario, Side, expect, expect_near, new_session

NAME = "visitor"
PASSWORD = "correct horse"
AGAIN = "battery staple"
NOBODY = ""


def logged_in(side: Side, key: str | None = None) -> str:
    """Log in on *side*, and return the key of the session."""
    answer = side.visit("login", key, name=NAME, password=PASSWORD)
    expect(f"the login on {side.name}", answer["body"], "logged in")
    return str(answer["key"] or key)


def expect_who(side: Side, key: str | None, name: str, when: str) -> None:
    """Stop where *side* takes the session for another's."""
    expect(f"who it is on {side.name} {when}", side.visit("whoami", key)["body"], name)


def a_login_is_a_login_on_both(meeting: Meeting) -> None:
    """Who logs in here is known there, under a new key, and what was in the session stays."""
    for here, there in meeting.both_ways():
        before = new_session(here)
        expect_who(there, before, NOBODY, "before")
        key = logged_in(here, before)
        expect("a new key at login", key != before, True)
        for side in (there, here):
            expect_who(side, key, NAME, f"after a login on {here.name}")
            expect_who(side, before, NOBODY, "under the old key")
            expect("what was in the session", side.load(key)["data"]["begun"], here.name)


def a_login_leaves_the_same(meeting: Meeting) -> None:
    """Id, backend and hash in the session are equal to the byte; so is the time in the row."""
    found, times = {}, {}
    for side, _ in meeting.both_ways():
        data = meeting.django.load(logged_in(side))["data"]
        found[side.name] = {name: data.get(name) for name in data if name.startswith("_auth")}
        times[side.name] = meeting.database.last_login(NAME)
    expect("what a login leaves", found["Flask"], found["Django"])
    expect_near("last_login", times["Flask"], times["Django"])


def a_logout_is_a_logout_on_both(meeting: Meeting) -> None:
    """Who logs out here is nobody there."""
    for here, there in meeting.both_ways():
        key = logged_in(there)
        here.visit("logout", key)
        for side in (there, here):
            expect_who(side, key, NOBODY, f"after a logout on {here.name}")
        expect("a row after logout", key in meeting.database.session_keys(), False)


def a_changed_password_ends_it_on_both(meeting: Meeting) -> None:
    """Other sessions of the user end; the one that changed it lives on; the new one counts."""
    for here, there in meeting.both_ways():
        other, own = logged_in(there), logged_in(here)
        given = {"name": NAME, "password": AGAIN}
        kept = here.visit("change_password", own, **given)["key"]
        expect_who(there, other, NOBODY, f"after a password changed on {here.name}")
        expect("the row of that session", other in meeting.database.session_keys(), False)
        expect_who(there, kept, NAME, "where it was changed")
        expect(
            "the old password",
            there.visit("login", None, name=NAME, password=PASSWORD)["body"],
            "refused",
        )
        expect("the new password", there.visit("login", None, **given)["body"], "logged in")
        here.visit("change_password", kept, name=NAME, password=PASSWORD)


def an_inactive_user_is_nobody_on_both(meeting: Meeting) -> None:
    """Whoever is no longer active is nobody, and is somebody again afterwards."""
    keys = [logged_in(side) for side, _ in meeting.both_ways()]
    meeting.database.set_active(NAME, active=False)
    for side, _ in meeting.both_ways():
        for key in keys:
            expect_who(side, key, NOBODY, "while inactive")
        answer = side.visit("login", None, name=NAME, password=PASSWORD)
        expect(f"a login on {side.name} while inactive", answer["body"], "refused")
    meeting.database.set_active(NAME, active=True)
    for side, _ in meeting.both_ways():
        expect_who(side, keys[0], NAME, "once active again")


def permissions_are_the_same(meeting: Meeting) -> None:
    """Those of the user and of a group."""
    key = logged_in(meeting.flask)
    meeting.django.grant(NAME, "add_user", "view_group")
    ours, theirs = (
        side.visit("permissions", key)["body"] for side in (meeting.flask, meeting.django)
    )
    expect("permissions on Flask", ours, theirs)
    expect("that there are any", theirs.count(","), 1)


def forms_work_after_a_login_on_flask(meeting: Meeting) -> None:
    """The CSRF token that Flask's login stores is one of Django's."""
    answer = meeting.django.post_form(logged_in(meeting.flask))
    expect("a form of Django's", answer["status"], 200)
    expect("a form with another token", answer["status_without"], 403)


def nobody_becomes_somebody_by_a_key(meeting: Meeting) -> None:
    """A key that is in no row, and a session without a hash, are nobody's."""
    for here, there in meeting.both_ways():
        expect_who(here, UNKNOWN_KEY, NOBODY, "with an unknown key")
        data: dict[str, Any] = here.load(logged_in(here))["data"]
        del data["_auth_user_hash"]
        key = new_session(there, data=data)
        for side in (here, there):
            expect_who(side, key, NOBODY, "without a hash")


def a_login_with_the_key_before_is_renewed(meeting: Meeting) -> None:
    """A hash made with a key of SECRET_KEY_FALLBACKS is made anew, under another key."""
    for here, there in meeting.both_ways():
        old = logged_in(meeting.elder)
        answer = here.visit("whoami", old)
        expect(f"who it is on {here.name}", answer["body"], NAME)
        expect("another key", answer["key"] not in (None, old), True)
        expect_who(there, answer["key"], NAME, f"once renewed on {here.name}")
        expect_who(meeting.elder, answer["key"], NOBODY, "with the key before")


def a_login_of_the_other_format_is_known(meeting: Meeting) -> None:
    """Where Django knows the hashes of before 3.1, so does Flask, and neither renews them."""
    key = logged_in(meeting.other)
    for side in (meeting.django, meeting.flask):
        expect_who(side, key, NAME, "with a hash of the other format")


def login_scenarios_for(meeting: Meeting) -> list[Scenario]:
    """Return the scenarios that this Django can take part in."""
    scenarios: list[Scenario] = [
        a_login_is_a_login_on_both,
        a_login_leaves_the_same,
        a_logout_is_a_logout_on_both,
        a_changed_password_ends_it_on_both,
        an_inactive_user_is_nobody_on_both,
        permissions_are_the_same,
        forms_work_after_a_login_on_flask,
        nobody_becomes_somebody_by_a_key,
    ]
    if meeting.has_fallbacks:
        scenarios.append(a_login_with_the_key_before_is_renewed)
    if meeting.reads_both_forms:
        scenarios.append(a_login_of_the_other_format_is_known)
    return scenarios
