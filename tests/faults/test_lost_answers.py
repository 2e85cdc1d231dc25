"""Connections that die while a statement is under way: whatever became of it, never a success."""

from __future__ import annotations

import pytest

from ..conftest import Site
from ..databases import EVERY_SERVER
from ..wiretap import Wiretap
from .conftest import ask, assert_tells_no_secret, key_of

pytestmark = pytest.mark.parametrize("database_url", EVERY_SERVER, indirect=True)


def test_an_update_whose_answer_is_lost_is_an_error_though_it_was_stored(
    tapped_site: Site, tap: Wiretap, caplog: pytest.LogCaptureFixture
) -> None:
    client = tapped_site.client
    ask(client)
    tap.lose_answer_to("UPDATE")
    answer = ask(client)
    assert (answer.status, answer.sets_cookie) == (500, False)
    assert ask(client) == (200, "3", True)
    assert_tells_no_secret(caplog.text, key_of(client))


def test_an_insert_whose_answer_is_lost_gives_no_cookie_and_is_not_repeated(
    tapped_site: Site, tap: Wiretap, caplog: pytest.LogCaptureFixture
) -> None:
    client = tapped_site.client
    ask(client, "/read")
    tap.lose_answer_to("INSERT")
    answer = ask(client)
    assert (answer.status, answer.sets_cookie) == (500, False)
    (orphan,) = tapped_site.rows()
    assert ask(client) == (200, "1", True)
    assert key_of(client) != orphan.session_key
    assert_tells_no_secret(caplog.text, orphan.session_key)


def test_a_logout_whose_answer_is_lost_is_an_error_and_the_session_is_over(
    tapped_site: Site, tap: Wiretap
) -> None:
    client = tapped_site.client
    ask(client)
    tap.lose_answer_to("DELETE")
    answer = ask(client, "/logout")
    assert (answer.status, answer.sets_cookie) == (500, False)
    assert ask(client, "/read").text == "None"


def test_a_read_whose_answer_is_lost_is_an_error_and_the_session_is_as_it_was(
    tapped_site: Site, tap: Wiretap
) -> None:
    client = tapped_site.client
    ask(client)
    tap.lose_answer_to("SELECT")
    assert ask(client).status == 500
    assert ask(client) == (200, "2", True)
