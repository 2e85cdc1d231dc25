"""Whether two serializers are the same, or do the same; their names alone do not tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..settings import serializer_class
from ..wire.serializers import Serializer
from .finding import Finding, differs

_NAME = "SESSION_SERIALIZER"
#: what every serializer of sessions can write
_SAMPLE = {"_auth_user_id": "7", "items": [1, 2.5, None, True], "\u017elu\u0165ou\u010dk\u00fd": {}}


def serializer_setting_findings(theirs: Any, ours: Any) -> Iterator[Finding]:
    """Compare what SESSION_SERIALIZER is here with what the Django settings say."""
    if theirs == ours:
        return
    classes = [_class_of(value) for value in (ours, theirs)]
    if None not in classes:
        if classes[0] is classes[1]:
            return
        if _do_the_same(*classes):
            yield Finding(
                "note",
                f"{_NAME} is {ours!r} here, {theirs!r} in the Django settings. Both write plain"
                " values in the same way and read each other's. For other values this is not"
                " known.",
            )
            return
    yield differs(_NAME, ours, theirs, is_decisive=True)


def _class_of(value: Any) -> Any:
    """Return the class that a value of the setting means; None where it cannot be had here."""
    try:
        return serializer_class(value)
    except Exception:  # a module of the project's, which may need anything
        return None


def _do_the_same(*classes: type[Serializer]) -> bool:
    """Return whether each of the classes writes what the others write, and reads it."""
    try:
        serializers = [each() for each in classes]
        texts = [bytes(each.dumps(_SAMPLE)) for each in serializers]
        return len(set(texts)) == 1 and all(
            each.loads(text) == _SAMPLE for each in serializers for text in texts
        )
    except Exception:  # the project's code
        return False
