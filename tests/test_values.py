"""Values that several may hold at once cannot be changed by one of them."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import flask_dj_session

#: which learn as they go: what the checks count, a page that is being filled, an app's state
_LEARN = {"Census", "Clock", "Deviations", "Found", "Kept", "Newest", "Span", "_State"}


def _dataclasses() -> Iterator[type[Any]]:
    for found in pkgutil.walk_packages(flask_dj_session.__path__, "flask_dj_session."):
        for _, kind in inspect.getmembers(importlib.import_module(found.name), inspect.isclass):
            is_ours = dataclasses.is_dataclass(kind) and kind.__module__ == found.name
            if is_ours and kind.__name__ not in _LEARN:
                yield kind


@pytest.mark.parametrize("kind", [*_dataclasses()], ids=lambda kind: kind.__qualname__)
def test_a_value_cannot_be_changed(kind: type[Any]) -> None:
    value = object.__new__(kind)
    for field in dataclasses.fields(kind):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)
