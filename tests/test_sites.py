"""What ``make sites`` needs no site for: its forms, its table, and when it has failed."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response, redirect, request

from interop import cache_servers
from interop.database import VARIABLES, Database
from interop.environments import VirtualEnvironment
from interop.reasons import NoAnswerError, NotInstalledError
from interop.scenarios import DisagreementError
from sites import places, run, servers
from sites.app_side import served
from sites.catalogue import SITES, Site
from sites.places import Place
from sites.table import Row, markdown, remarks, summary
from sites.visitor import Visitor, filled, forms_of
from sites.walk import steps_for

SITE = Site("shop", ("a-shop",), start=())
TWO_FORMS = """
<form action="/search"><input name="q"><button name="go">Go</button></form>
<form method="post"><input type="hidden" name="token" value="t"><input name="name">
<input type="password" name="word"><input type="checkbox" name="stay" value="1">
<button name="send" value="now">Log in</button></form>
"""


@pytest.fixture(autouse=True)
def no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set no URL."""
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)


def test_the_form_that_asks_for_all_of_it_is_filled_in_with_what_it_hides() -> None:
    form = filled(TWO_FORMS, {"name": "ann", "word": "secret"})
    assert form.fields == {"token": "t", "name": "ann", "word": "secret", "send": "now"}


def test_a_page_without_such_a_form_is_a_disagreement() -> None:
    with pytest.raises(DisagreementError, match="no form with name, key"):
        filled(TWO_FORMS, {"name": "ann", "key": "k"})


def test_fields_outside_of_a_form_are_nobodys() -> None:
    assert forms_of('<input name="q">') == []


class _NoSite:
    """Stands for an app side that is served: it has the app alone."""

    def __init__(self, app: Flask) -> None:
        self.app, self.url = app, ""

    def close(self) -> None:
        """Close nothing."""


@contextmanager
def _shop() -> Iterator[str]:
    app = Flask("shop")

    @app.get("/old")
    def old() -> Any:
        return redirect("/form")

    @app.get("/form")
    def form() -> Any:
        response = Response(TWO_FORMS)
        response.set_cookie("seen", "yes")
        return response

    @app.post("/form")
    def send() -> Any:
        response = Response(json.dumps({"told": [request.form, request.cookies]}))
        response.delete_cookie("seen")
        return response

    side: Any = _NoSite(app)
    with served(side):
        yield side.url


def test_a_visitor_follows_to_the_form_and_keeps_cookies_until_they_are_deleted() -> None:
    visitor = Visitor()
    with _shop() as url:
        page = visitor.fill_in(url + "/old", {"name": "ann", "word": "secret"})
    assert page.told[0]["token"] == "t"
    assert page.told[1] == {"seen": "yes"}
    assert visitor.cookies == {}


def test_a_page_that_fails_tells_nothing() -> None:
    with _shop() as url, pytest.raises(DisagreementError, match="answers 404"):
        _ = Visitor().get(url + "/nowhere").told


def test_every_site_has_a_name_of_its_own_and_steps_that_can_be_left_out_by_name() -> None:
    assert len({site.name for site in SITES}) == len(SITES)
    for site in SITES:
        names = {step.__name__.replace("_", " ") for step in steps_for(site)}
        assert set(site.not_possible) <= names


def test_every_step_says_what_it_is() -> None:
    assert all(step.__doc__ for site in SITES for step in steps_for(site))


def test_the_names_of_sites_choose_them_in_that_order() -> None:
    assert [site.name for site in run.chosen(["qsessions", "course"])] == ["qsessions", "course"]
    assert run.chosen([]) == list(SITES)


def test_a_name_of_no_site_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SystemExit, match=r"no site 'shop'. There are: course, qsessions"):
        run.chosen(["shop"])


def test_a_site_is_on_its_server_where_the_environment_names_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site("shop", (), server="MariaDB")
    assert site.kind == "SQLite"
    monkeypatch.setenv("TEST_MARIADB_URL", "mysql+pymysql://root@127.0.0.1/test")
    assert site.kind == "MariaDB"


def test_what_a_site_needs_is_set_while_it_is_walked_and_gone_afterwards() -> None:
    place = Place(Site("shop", (), environment={"SHOP_DATA": "{folder}/data"}))
    before = dict(os.environ)
    with place.variables(Database("SQLite", sa.make_url("sqlite:////somewhere/db"))):
        assert os.environ["SHOP_DATA"] == str(place.folder / "data")
        assert json.loads(os.environ["SITES_DATABASE"])["NAME"] == "/somewhere/db"
        assert os.environ["DJANGO_SETTINGS_MODULE"] == "mysite.tried"
    assert os.environ == before


def test_what_a_site_needs_has_the_place_of_its_cache() -> None:
    place = Place(Site("shop", (), environment={"SHOP_REDIS": "redis://{cache}/0"}))
    with place.variables(Database("SQLite", sa.make_url("sqlite:////somewhere/db")), "here:7"):
        assert os.environ["SHOP_REDIS"] == "redis://here:7/0"
        assert os.environ["SITES_CACHE"] == "here:7"


def test_a_site_like_another_is_run_in_its_environment_and_has_a_folder_of_its_own() -> None:
    one, other = Place(Site("shop", ())), Place(Site("shop_redis", (), like="shop"))
    assert one.python == other.python
    assert one.project != other.project


def test_the_table_names_the_cache_beside_the_database() -> None:
    assert Site("shop", ()).storage == "SQLite"
    assert Site("shop", (), cache="Redis").storage == "SQLite and Redis"


def test_what_takes_a_cache_is_tried_where_there_is_one_alone() -> None:
    with_cache = {step.__name__ for step in steps_for(Site("shop", (), cache="Redis"))}
    without = {step.__name__ for step in steps_for(Site("shop", ()))}
    assert with_cache - without == {
        "the_cache_there_has_what_was_written_here",
        "a_flush_ends_it_on_both_sides",
        "an_end_that_has_come_counts_on_both_sides",
    }


@pytest.mark.process
@pytest.mark.parametrize("kind", ["Redis", "Memcached"])
def test_a_server_of_a_cache_runs_as_long_as_the_walk(kind: str, tmp_path: Path) -> None:
    try:
        servers.find_program(kind)
    except NotInstalledError as error:
        pytest.skip(str(error))
    with servers.cache_server(kind, tmp_path) as place:
        host, _, port = place.partition(":")
        socket.create_connection((host, int(port)), 5).close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), 5)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.process
def test_a_server_that_ends_at_once_is_one_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cache_servers.RedisServer, "program", "false")
    with (
        pytest.raises(NoAnswerError, match="does not start"),
        servers.cache_server("Redis", tmp_path),
    ):
        pass


@pytest.mark.parametrize(("ci", "failed"), [("true", True), ("", False)])
def test_a_site_whose_server_is_not_here_is_not_run_and_says_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ci: str, failed: bool
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(Place, "install", pytest.fail)
    row = run.try_site(Site("shop", (), cache="Redis"), tmp_path)
    assert (row.not_run, row.failed) == ("no redis-server here", failed)


def test_a_site_is_installed_once_and_its_seconds_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([True, False])
    monkeypatch.setattr(places, "FOLDER", tmp_path)
    monkeypatch.setattr(VirtualEnvironment, "install", lambda *_: next(answers))
    place = Place(SITE)
    place.folder.mkdir()
    assert place.install() == place.install()


ROW = Row("shop", "5.2", "3.12", "SQLite", agreed=["one", "two"], seconds=7.4)


def test_the_table_counts_what_agreed_and_says_the_seconds() -> None:
    head, _, line = markdown([ROW]).splitlines()
    assert line == "| shop | 5.2 | 3.12 | SQLite | 2 | 0 | 0 | 7 |"
    assert head.count("|") == line.count("|")


def test_the_table_says_why_a_site_was_not_run() -> None:
    line = markdown([Row("shop", not_run="no | Python\nhere")]).splitlines()[-1]
    assert line.startswith("| shop | not run: no \\| Python here |")


def test_remarks_name_what_disagreed_what_was_not_possible_and_what_was_not_tried() -> None:
    rows = [
        Row("a", disagreed={"one": "1, expected 2"}, not_possible={"two": "there is no page"}),
        Row("b", not_run="no answer", failed=True),
        Row("c", not_run="no Python"),
    ]
    assert remarks(rows) == [
        "DISAGREED: a, one: 1, expected 2",
        "Not possible: a, two: there is no page",
        "NOT TRIED: b: no answer",
    ]
    assert summary(rows) == {"agreed": 0, "disagreed": 1, "not possible": 1, "not run": 2}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([ROW], 0),
        ([ROW, Row("b", not_run="no Python")], 0),
        ([ROW, Row("b", not_run="no answer", failed=True)], 1),
        ([ROW, Row("b", disagreed={"one": "differs"})], 1),
        ([Row("b", not_run="no Python")], 1),
    ],
    ids=["all agreed", "left out", "not tried", "disagreed", "nothing run"],
)
def test_the_exit_code_is_1_where_something_is_wrong_or_nothing_was_run(
    rows: list[Row], code: int
) -> None:
    assert run.report(rows) == code


@pytest.mark.parametrize(
    ("error", "not_run", "disagreed"),
    [
        (NoAnswerError("went away"), "went away", {}),
        (RuntimeError("broken"), "", {"beginning": "RuntimeError: broken"}),
    ],
    ids=["a server that went away", "anything"],
)
def test_whatever_happens_the_table_goes_on(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    error: Exception,
    not_run: str,
    disagreed: dict[str, str],
) -> None:
    def fail(_: Place) -> float:
        raise error

    monkeypatch.setattr(Place, "install", fail)
    row = run.try_site(SITE, tmp_path)
    assert (row.not_run, row.failed, row.disagreed) == (not_run, bool(not_run), disagreed)


@pytest.mark.parametrize(("ci", "failed"), [("true", True), ("", False)])
def test_what_cannot_be_installed_is_a_failure_in_continuous_integration_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ci: str, failed: bool
) -> None:
    def fail(_: Place) -> float:
        raise NotInstalledError("pip failed")

    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(Place, "install", fail)
    assert run.try_site(SITE, tmp_path).failed is failed


def test_a_step_that_is_not_possible_says_why_and_is_not_taken() -> None:
    row = Row("shop")
    walk: Any = type("Walk", (), {"site": Site("shop", (), not_possible={"a step": "no page"})})

    def a_step(_: Any) -> None:
        raise AssertionError

    run._take(a_step, walk, row)
    assert (row.not_possible, row.disagreed) == ({"a step": "no page"}, {})
