"""What a visitor does on a site and on the app beside it; each step is a check with a name."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from flask_dj_session.errors import SettingError
from interop.conversation import OtherSide
from interop.scenarios import DisagreementError, expect

from .app_side import AppSide
from .catalogue import Site
from .course_app import AppPy
from .visitor import Page, Visitor

PASSWORD = "correct horse 4 battery"
AGAIN = "staple 4 correct horse"
NOBODY = ""
#: seconds after which a session that was to end in two has not ended
_LONG = 10


class SiteSide(OtherSide):
    """The site, served by its own Python."""

    url = django = python = cookie = csrf_cookie = ""

    def start(self) -> None:
        """Set the site up and serve it."""
        told = self.done("start")
        self.url = f"http://127.0.0.1:{told['port']}"
        self.django, self.python = told["django"], told["python"]
        self.cookie, self.csrf_cookie = told["cookie"], told["csrf_cookie"]


@dataclass
class User:
    """Somebody with an account; *typed* is what the site's login page asks for."""

    name: str
    typed: str
    password: str = PASSWORD


@dataclass
class Walk:
    """Both sides, and the app of the course where it is tried."""

    site: Site
    there: SiteSide
    here: AppSide
    another_here: Callable[[], AppSide]
    course: AppPy | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def user(self, name: str, *, all_powers: bool = False) -> User:
        """Make a user of the site."""
        name = f"{name}{next(self._numbers)}"
        told = self.there.done("make_user", name=name, password=PASSWORD, all_powers=all_powers)
        address = f"{name}@example.org"
        return User(told["username"], address if self.site.by_address else told["username"])

    def log_in_there(self, user: User, visitor: Visitor | None = None) -> Visitor:
        """Log in on the site's own page."""
        visitor = visitor or Visitor()
        pages = self.site.pages
        values = dict(zip(pages.login_fields, (user.typed, user.password), strict=True))
        page = visitor.fill_in(self.there.url + pages.login, values)
        expect("the answer to the site's login form", page.status, 302)
        expect("who it is there after the login", self.who_there(visitor), user.name)
        return visitor

    def log_in_here(self, user: User, visitor: Visitor | None = None) -> Visitor:
        """Log in on the app."""
        visitor = visitor or Visitor()
        given = {"username": user.name, "password": user.password}
        told = visitor.post(self.here.url + "/login", given).told
        expect("the login here", told, "logged in")
        return visitor

    def log_out_there(self, visitor: Visitor) -> None:
        """Log out on the site."""
        url = self.there.url + self.site.pages.logout
        if self.site.pages.logout_by_get:
            visitor.follow(visitor.get(url))
            return
        visitor.get(self.there.url + self.site.pages.own)  # it has a form, and so the token
        token = visitor.cookies.get(self.there.csrf_cookie, "")
        page = visitor.post(url, {"csrfmiddlewaretoken": token})
        expect("the answer to a logout there", page.status in (200, 302), True)

    def who_there(self, visitor: Visitor) -> str:
        """Return whom the site takes the visitor for."""
        return str(visitor.get(self.there.url + "/tried/who").told)

    def who_here(self, visitor: Visitor) -> str:
        """Return whom the app takes the visitor for."""
        return str(visitor.get(self.here.url + "/who").told)

    def count_here(self, visitor: Visitor) -> int:
        """Write into the session, here."""
        return int(visitor.get(self.here.url + "/count").told)

    def count_there(self, visitor: Visitor) -> int:
        """Write into the session, there."""
        return int(visitor.get(self.there.url + "/tried/count").told)

    @property
    def sides(self) -> tuple[str, str]:
        """Where the pages of both sides begin: there, here."""
        return self.there.url + "/tried", self.here.url


Step = Callable[[Walk], Any]


def a_counter_goes_to_and_fro(walk: Walk) -> None:
    """Each side counts on where the other was, under one key."""
    visitor = Visitor()
    for start in (walk.count_here, walk.count_there):
        visitor.cookies.clear()
        start(visitor)
        key = visitor.cookies[walk.there.cookie]
        for number in (2, 4, 6):
            expect("the count there", walk.count_there(visitor), number)
            expect("the count here", walk.count_here(visitor), number + 1)
        expect("the key", visitor.cookies[walk.there.cookie], key)


def a_login_there_is_known_here(walk: Walk) -> None:
    """Somebody logs in on the site's page, and the app knows who it is."""
    # The admin's login page lets nobody in who is not of the staff.
    ann = walk.user("ann", all_powers=True)
    visitor = Visitor()
    expect("who it is here before", walk.who_here(visitor), NOBODY)
    walk.log_in_there(ann, visitor)
    expect("who it is here", walk.who_here(visitor), ann.name)


def permissions_are_equal(walk: Walk) -> None:
    """A user's own and a group's are the same on both sides."""
    ben = walk.user("ben")
    walk.there.done("grant", username=ben.name)
    visitor = walk.log_in_here(ben)
    expect("who it is there", walk.who_there(visitor), ben.name)
    there = visitor.get(walk.there.url + "/tried/permissions").told
    here = visitor.get(walk.here.url + "/permissions").told
    expect("the permissions here", here, there)
    expect("how many there are", len(here), 2)


def a_logout_here_ends_it_there(walk: Walk) -> None:
    """Who logs out of the app is nobody on the site."""
    cat = walk.user("cat", all_powers=True)
    visitor = walk.log_in_there(cat)
    expect("who it is here before", walk.who_here(visitor), cat.name)
    stale = Visitor()
    stale.cookies = dict(visitor.cookies)
    visitor.post(walk.here.url + "/logout", {})
    for one in (visitor, stale):
        expect("who it is there after a logout here", walk.who_there(one), NOBODY)


def a_logout_there_ends_it_here(walk: Walk) -> None:
    """Who logs out on the site's page is nobody in the app."""
    dan = walk.user("dan", all_powers=True)
    visitor = walk.log_in_there(dan)
    expect("who it is here before", walk.who_here(visitor), dan.name)
    stale = Visitor()
    stale.cookies = dict(visitor.cookies)
    walk.log_out_there(visitor)
    for one in (visitor, stale):
        expect("who it is here after a logout there", walk.who_here(one), NOBODY)


def a_login_here_opens_a_page_there(walk: Walk) -> None:
    """A page of the site that nobody else may see is shown to who logged in to the app."""
    eve = walk.user("eve", all_powers=True)
    url = walk.there.url + walk.site.pages.own
    visitor = Visitor()
    expect("the page is shown to nobody", visitor.get(url).status == 200, False)
    walk.log_in_here(eve, visitor)
    expect("the site's page", visitor.get(url).status, 200)
    expect("who it is there", walk.who_there(visitor), eve.name)


def a_password_changed_there_ends_sessions_here(walk: Walk) -> None:
    """Other sessions of the user end; who changed it stays; the new one counts here."""
    fay = walk.user("fay", all_powers=True)
    other, own = walk.log_in_here(fay), walk.log_in_there(fay)
    pages = walk.site.pages
    if pages.password is None:
        walk.there.done("set_password", username=fay.name, password=AGAIN)
    else:
        passwords = [PASSWORD, AGAIN, AGAIN]
        values = dict(zip(pages.password_fields, passwords, strict=True))
        page = own.fill_in(walk.there.url + pages.password, values)
        expect("the answer to the site's form", page.status, 302)
        expect("who it is here where it was changed", walk.who_here(own), fay.name)
    expect("who it is here elsewhere", walk.who_here(other), NOBODY)
    refused = Visitor().post(walk.here.url + "/login", {"username": fay.name, "password": PASSWORD})
    expect("the old password", refused.told, "refused")
    walk.log_in_here(User(fay.name, fay.typed, AGAIN))


def a_form_and_messages_there_outlive_a_write_here(walk: Walk) -> None:
    """The token of a form of the site's still counts, and its messages are still there."""
    gil = walk.user("gil", all_powers=True)
    visitor = walk.log_in_there(gil)
    form = walk.there.url + "/tried/form"
    token = visitor.get(form).told
    visitor.get(walk.there.url + "/tried/say?text=Saved")
    walk.count_here(visitor)
    expect("a form", visitor.post(form, {"csrfmiddlewaretoken": token}).told, "taken")
    wrong = visitor.post(form, {"csrfmiddlewaretoken": token[::-1]})
    expect("a form with another token", wrong.status, 403)
    heard = visitor.get(walk.there.url + "/tried/heard").told
    expect("whether the message is there", "Saved" in heard, True)
    expect("who it is there", walk.who_there(visitor), gil.name)


def the_doctor_finds_nothing_wrong(walk: Walk) -> None:
    """``flask sessions check`` ends with exit code 0."""
    code, text = walk.here.check()
    wrong = [line for line in text.splitlines() if line.startswith("wrong")]
    expect(f"the exit code of the check ({'; '.join(wrong)})", code, 0)


def the_cache_there_has_what_was_written_here(walk: Walk) -> None:
    """The site's own cache has the session as it was saved last, under the site's own name."""
    visitor = Visitor()
    for number, count in enumerate((walk.count_here, walk.count_there, walk.count_here), 1):
        count(visitor)
        cached = walk.there.done("in_cache", key=visitor.cookies[walk.there.cookie])["data"]
        expect("the count in the cache", cached and cached["tried"], number)


def a_flush_ends_it_on_both_sides(walk: Walk) -> None:
    """Who still has the old cookie is a new visitor, wherever the session was flushed."""
    for side in walk.sides:
        visitor = Visitor()
        walk.count_there(visitor)
        expect("the count here", walk.count_here(visitor), 2)
        old = dict(visitor.cookies)
        visitor.get(side + "/flush")
        _expect_nothing_of(old, walk)


def an_end_that_has_come_counts_on_both_sides(walk: Walk) -> None:
    """A session ends when either side has said that it does."""
    there, here = walk.sides
    for side, other in ((there, here), (here, there)):
        visitor = Visitor()
        visitor.get(side + "/count")
        began = time.monotonic()
        visitor.get(side + "/end_in?seconds=2")
        cookies = dict(visitor.cookies)
        expect("the count before the end", _peek(other, cookies), 1)
        # Not there: in a session's last second, a visit to some Djangos lets it live for ever.
        while _peek(here, cookies):
            expect("whether it goes on for long", time.monotonic() - began > _LONG, False)
        # A row keeps fractions of a second, some caches do not.
        expect("whether it ends too soon", time.monotonic() - began < 1, False)
        _expect_nothing_of(cookies, walk)


def _expect_nothing_of(cookies: Mapping[str, str], walk: Walk) -> None:
    for side in walk.sides:
        expect(f"the count at {side} after the end", _peek(side, cookies), 0)


def _peek(side: str, cookies: Mapping[str, str]) -> int:
    visitor = Visitor()
    visitor.cookies = dict(cookies)
    return int(visitor.get(side + "/peek").told)


def the_login_is_refused_with_the_reason(walk: Walk) -> None:
    """Users whose hash is their own are refused, until it is said how it is made."""
    app = walk.another_here()
    try:
        app.share_login()
    except SettingError as error:
        expect("what is refused", error.name, "AUTH_USER_MODEL")
        expect("the reason", "get_session_auth_hash" in str(error), True)
    else:
        raise DisagreementError("the app takes users whose hash it cannot make")
    finally:
        app.close()


def the_course_app_has_its_shop_open(walk: Walk) -> None:
    """app.py, by the environment alone: a login in its shop is one on the site."""
    assert walk.course is not None
    url = walk.course.url
    hal = walk.user("hal", all_powers=True)
    visitor = Visitor()
    values = {"username": hal.name, "password": hal.password}
    page = visitor.fill_in(url + "/shop/login", values)
    expect("the answer to the shop's login form", page.status, 303)
    expect("who it is there", walk.who_there(visitor), hal.name)
    walk.log_out_there(visitor)
    expect("a greeting after a logout there", f"Hello, {hal.name}" in _shop(visitor, url), False)
    walk.log_in_there(hal, visitor)
    expect("a greeting after a login there", f"Hello, {hal.name}" in _shop(visitor, url), True)
    expect("a count", visitor.get(url + "/session/sessfun").status, 200)
    expect("who it is there after a count", walk.who_there(visitor), hal.name)


def _shop(visitor: Visitor, url: str) -> str:
    page: Page = visitor.get(urljoin(url, "/shop/"))
    expect("the shop", page.status, 200)
    return page.text


def steps_for(site: Site) -> list[Step]:
    """Return the steps, in their order."""
    steps: list[Step] = [
        a_login_there_is_known_here,
        permissions_are_equal,
        a_logout_here_ends_it_there,
        a_logout_there_ends_it_here,
        a_login_here_opens_a_page_there,
        a_password_changed_there_ends_sessions_here,
        a_form_and_messages_there_outlive_a_write_here,
        a_counter_goes_to_and_fro,
        the_doctor_finds_nothing_wrong,
    ]
    if site.cache:
        steps += [
            the_cache_there_has_what_was_written_here,
            a_flush_ends_it_on_both_sides,
            an_end_that_has_come_counts_on_both_sides,
        ]
    if site.user_model is not None:
        steps.append(the_login_is_refused_with_the_reason)
    if site.app_py:
        steps.append(the_course_app_has_its_shop_open)
    return steps
