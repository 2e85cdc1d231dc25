"""Requests beside Django's middleware: random views, statuses and cookies, and tabs at a time.

While one request runs, another may come in between, of the same visitor or of somebody else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any, NamedTuple

import pytest
from django.http import HttpRequest, HttpResponse
from flask import Response, request
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from ..conftest import NOW
from .twins import MakeTwinStores, TwinStores, outcome, run

pytestmark = pytest.mark.slow

DAY = 86400
VISITORS = 2

names = st.sampled_from(["a", "b", "testcookie"])
values: st.SearchStrategy[Any] = st.none() | st.integers(-2, 2) | st.just([]) | st.just("x" * 300)
ends = st.sampled_from([None, 0, 30, 14 * DAY, -30, 60.7, timedelta(hours=1), timedelta(-1)])

Step = Callable[[Any, "Server"], Any]


class Visit(NamedTuple):
    """A request: who comes with which cookie, what the view does, and how it ends."""

    visitor: int
    cookie: str
    steps: list[Step]
    status: int
    vary: str


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: str
    vary: str
    cookies: list[str]


class Server:
    """One of the two sides, and the cookies that its visitors have by now."""

    def __init__(self, keys: Callable[[], list[str]]) -> None:
        self.keys = keys
        self.jar: dict[int, str] = {}
        self.answers: list[Answer] = []

    def get(self, visit: Visit) -> None:
        """Answer a visitor."""
        value = self.jar.get(visit.visitor) if visit.cookie == "own" else visit.cookie
        if visit.cookie == "other":
            value = self.jar.get(1 - visit.visitor)
        header = {} if not value else {"Cookie": f"a=1; sessionid={value}; b=2"}
        answer = self.ask(visit, header)
        self.answers.append(answer)
        for cookie in answer.cookies:
            self._keep(visit.visitor, SimpleCookie(cookie)["sessionid"].value)

    def _keep(self, visitor: int, value: str) -> None:
        if value:
            self.jar[visitor] = value
        else:
            self.jar.pop(visitor, None)

    def view(self, session: Any, visit: Visit) -> str:
        """Do the steps of a visit."""
        done = [outcome(lambda session: step(session, self), session) for step in visit.steps]  # noqa: B023 - done at once
        return f"by the view: {done}"

    def ask(self, visit: Visit, header: dict[str, str]) -> Answer:
        """Have the framework answer."""
        raise NotImplementedError


class OurServer(Server):
    def __init__(self, stores: TwinStores) -> None:
        super().__init__(lambda: [key for key, _, _ in stores.rows()[0]])
        self.app = stores.site.app
        self.visits: list[Visit] = []
        self.app.view_functions["index"] = self.answer

    def answer(self) -> Response:
        visit = self.visits[-1]
        body = self.view(request.session, visit)  # type: ignore[attr-defined]
        if visit.status == 0:
            raise RuntimeError("the view failed")
        return Response(body, visit.status, {"Vary": visit.vary} if visit.vary else {})

    def ask(self, visit: Visit, header: dict[str, str]) -> Answer:
        self.visits.append(visit)
        response = self.app.test_client(use_cookies=False).get("/", headers=header)
        self.visits.pop()
        body = response.text if response.text.startswith("by the view") else "by the framework"
        vary = ", ".join(response.headers.getlist("Vary"))
        return Answer(response.status_code, body, vary, response.headers.getlist("Set-Cookie"))


class TheirServer(Server):
    def __init__(self, stores: TwinStores) -> None:
        super().__init__(lambda: [key for key, _, _ in stores.rows()[1]])
        self.django = stores.django

    def ask(self, visit: Visit, header: dict[str, str]) -> Answer:
        def answer(request: HttpRequest) -> HttpResponse:
            body = self.view(request.session, visit)
            if visit.status == 0:
                raise RuntimeError("the view failed")
            headers = {"Vary": visit.vary} if visit.vary else {}
            return HttpResponse(body, status=visit.status, headers=headers)

        with self.django.view(answer):
            response = self.django.client().get("/", headers=header)
        text = response.content.decode()
        body = text if text.startswith("by the view") else "by the framework"
        cookies = [morsel.OutputString() for morsel in response.cookies.values()]
        return Answer(response.status_code, body, response.headers.get("Vary", ""), cookies)


# What a view may do


def _cycle_key(session: Any, server: Server) -> Any:
    # Where the row was deleted meanwhile, Django keeps the session alive, and we do not.
    if session.session_key in (None, *server.keys()):
        session.cycle_key()


def _do(what: Callable[[Any], Any]) -> Step:
    return lambda session, _: what(session)


def _expire_at(span: timedelta) -> Step:
    # In the form that dates have on this site, for Django knows no other.
    return _do(lambda session: session.set_expiry(session.get_expiry_date() + span))


steps = st.one_of(
    st.tuples(names, values).map(lambda item: _do(lambda session: session.__setitem__(*item))),
    st.tuples(names, values).map(lambda item: _do(lambda session: session.setdefault(*item))),
    names.map(lambda name: _do(lambda session: session.get(name))),
    names.map(lambda name: _do(lambda session: session.pop(name, None))),
    ends.map(lambda value: _do(lambda session: session.set_expiry(value))),
    st.sampled_from([timedelta(hours=2), timedelta(-2)]).map(_expire_at),
    st.sampled_from(
        [
            _do(lambda session: session.session_key),
            _do(lambda session: list(session.items())),
            _do(lambda session: session.setdefault("list", []).append(1)),
            _do(lambda session: setattr(session, "modified", True)),
            _do(lambda session: session.get_expiry_age()),
            _do(lambda session: session.test_cookie_worked()),
            _do(lambda session: session.set_test_cookie()),
            _do(lambda session: session.is_empty()),
            _do(lambda session: session.clear()),
            _do(lambda session: session.flush()),
            _do(lambda session: session.save()),
            _do(lambda session: session.create()),
            _do(lambda session: session.delete()),
            _cycle_key,
        ]
    ),
)
visits = st.builds(
    Visit,
    visitor=st.integers(0, VISITORS - 1),
    cookie=st.sampled_from(["own"] * 6 + ["other", "", "abc", "unknownkey" * 3 + "00", "x" * 40]),
    steps=st.lists(steps, max_size=4),
    status=st.sampled_from([200] * 4 + [302, 404, 499, 500, 503, 0]),
    vary=st.sampled_from(["", "", "Accept", "*", "cookie", "Accept , Cookie"]),
)


def _meanwhile(visit: Visit) -> Step:
    return lambda _, server: server.get(visit)


class RequestMachine(RuleBasedStateMachine):
    """Has both sides answer the same visits."""

    def __init__(self, stores: TwinStores) -> None:
        super().__init__()
        self.stores = stores

    @initialize(
        age=st.sampled_from([60, 14 * DAY]), at_close=st.booleans(), every_time=st.booleans()
    )
    def begin(self, age: int, at_close: bool, every_time: bool) -> None:
        self.stores.begin(
            NOW,
            SESSION_COOKIE_AGE=age,
            SESSION_EXPIRE_AT_BROWSER_CLOSE=at_close,
            SESSION_SAVE_EVERY_REQUEST=every_time,
        )
        self.servers = [OurServer(self.stores), TheirServer(self.stores)]

    @rule(by=st.sampled_from([0.5, 29, 31, 61, 3601, DAY]))
    def time_passes(self, by: float) -> None:
        self.stores.clock.shift(by)

    @rule(visit=visits)
    def come(self, visit: Visit) -> None:
        for server in self.servers:
            server.get(visit)
        self.compare()

    @rule(visit=visits, other=visits, at=st.integers(0, 4))
    def come_both_at_a_time(self, visit: Visit, other: Visit, at: int) -> None:
        meanwhile = [*visit.steps[:at], _meanwhile(other), *visit.steps[at:]]
        self.come(visit._replace(steps=meanwhile))

    def compare(self) -> None:
        ours, theirs = self.servers
        assert ours.answers == theirs.answers
        assert ours.jar == theirs.jar
        our_rows, their_rows = self.stores.rows()
        assert our_rows == their_rows


@pytest.fixture
def _silence() -> Iterator[None]:
    """Log nothing of all the views that fail."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("_silence")
@pytest.mark.parametrize("use_tz", [True, False], ids=["USE_TZ", "no USE_TZ"])
def test_a_request_is_answered_as_django_does(
    use_tz: bool, make_twin_stores: MakeTwinStores
) -> None:
    config = {"USE_TZ": use_tz, "TIME_ZONE": "America/Chicago"}
    with make_twin_stores(PROPAGATE_EXCEPTIONS=False, **config) as stores:
        stores.site.app.add_url_rule("/", "index")
        run(lambda: RequestMachine(stores), steps=10, part=0.4)
