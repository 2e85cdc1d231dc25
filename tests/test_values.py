"""What all classes of a kind have in common: values cannot be changed, types can be cached."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import flask_dj_session

#: which learn as they go: what the checks count, a page that is being filled, an app's state
_LEARN = {
    "CacheSample",
    "Census",
    "Clock",
    "Deviations",
    "Filled",
    "Found",
    "Kept",
    "Newest",
    "Span",
    "_State",
}


def _classes() -> Iterator[type[Any]]:
    for found in pkgutil.walk_packages(flask_dj_session.__path__, "flask_dj_session."):
        for _, kind in inspect.getmembers(importlib.import_module(found.name), inspect.isclass):
            # Some types of columns have the name and the module of one of SQLAlchemy's.
            namesake = getattr(sys.modules[kind.__module__], kind.__name__, None)
            if kind.__module__ == found.name or namesake is not kind:
                yield kind


_CLASSES = [*dict.fromkeys(_classes())]
_VALUES = [kind for kind in _CLASSES if dataclasses.is_dataclass(kind)]
_TYPES = [kind for kind in _CLASSES if issubclass(kind, sa.types.TypeEngine)]


@pytest.mark.parametrize(
    "kind",
    [kind for kind in _VALUES if kind.__name__ not in _LEARN],
    ids=lambda kind: kind.__qualname__,
)
def test_a_value_that_several_may_hold_cannot_be_changed(kind: type[Any]) -> None:
    value = object.__new__(kind)
    for field in dataclasses.fields(kind):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)


@pytest.mark.parametrize("kind", _TYPES, ids=lambda kind: kind.__qualname__)
def test_a_statement_with_a_type_of_ours_is_compiled_once(kind: type[Any]) -> None:
    # SQLAlchemy compiles those with another type anew each time, and says nothing.
    assert getattr(kind, "cache_ok", True) is True
