"""``flask clearsessions``."""

from __future__ import annotations

import time

import pytest

from ..conftest import Site
from ..databases import EVERY_DATABASE
from .conftest import Put, Run, keys


@pytest.fixture
def five_expired(put: Put) -> None:
    """Store five expired sessions and one that is not."""
    for number in range(5):
        put(f"old{number}", ends=-1)
    put("young")


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.usefixtures("five_expired")
def test_what_has_expired_is_removed_and_counted(run: Run, site: Site) -> None:
    result = run("clearsessions", "--batch-size", "2")
    assert (result.output, result.exit_code) == ("5 expired sessions removed.\n", 0)
    assert keys(site) == ["young"]


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.usefixtures("five_expired")
def test_a_dry_run_counts_and_removes_nothing(run: Run, site: Site) -> None:
    assert run("clearsessions", "--dry-run").output == "5 expired sessions would be removed.\n"
    assert len(site.rows()) == 6


@pytest.mark.usefixtures("five_expired")
def test_a_pause_comes_after_every_batch_but_the_last(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    run("clearsessions", "--batch-size", "2", "--pause", "0.5")
    # What SQLite rests anyway is much shorter.
    assert [round(pause, 1) for pause in pauses if pause > 0.1] == [0.5, 0.5]


@pytest.mark.usefixtures("five_expired")
def test_ctrl_c_says_how_many_are_removed_and_keeps_that(
    run: Run, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(seconds: float) -> None:
        if seconds > 1:
            raise KeyboardInterrupt  # a signal may be ignored, as in a background job

    monkeypatch.setattr(time, "sleep", interrupted)
    result = run("clearsessions", "--batch-size", "2", "--pause", "9")
    assert result.output == "Stopped. 2 expired sessions removed so far.\n"
    assert result.exit_code == 130
    assert len(keys(site)) == 4


def test_nothing_to_remove_is_no_error(run: Run) -> None:
    assert run("clearsessions").output == "0 expired sessions removed.\n"


def test_a_batch_of_nothing_is_a_usage_error(run: Run) -> None:
    assert run("clearsessions", "--batch-size", "0").exit_code == 2
