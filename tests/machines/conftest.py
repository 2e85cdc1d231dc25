"""Fixtures of the state machines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from ..conftest import MakeSite
from ..live_django import on_database
from .twins import MakeTwinStores, TwinStores


@pytest.fixture
def make_twin_stores(
    make_site: MakeSite,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
) -> MakeTwinStores:
    """Return what makes both with the same settings, at a stopped time."""

    @contextlib.contextmanager
    def make(**config: Any) -> Iterator[TwinStores]:
        site = make_site(**config)
        url = sa.make_url(f"sqlite:///{tmp_path / 'django.sqlite3'}")
        with on_database(url) as django, django.settings(**config):
            django.migrate()
            stores = TwinStores(site, django, clock)
            base = "django.contrib.sessions.backends.base.get_random_string"
            monkeypatch.setattr(base, stores.draw("theirs"))
            monkeypatch.setattr("flask_dj_session.wire.keys.new_session_key", stores.draw("ours"))
            yield stores
            stores.close()

    return make
