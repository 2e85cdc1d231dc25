"""Flask's flashed messages in a session: safe HTML and lazy text, as JSON that Django reads too.

    [["message", {" m": "<b>saved</b>"}]]

Flask's own sessions write ``Markup`` in this way wherever it stands (flask/json/tag.py). Here that
is so in the messages alone, which are Flask's: all else in a session is what Django would write,
and comes back as Django wrote it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: where ``flask.flash`` keeps them: a list of pairs, category and message
NAME = "_flashes"

_HTML = " m"
_DICT = " di"  # stands around a dict that would be taken for one of the two
_MARK = "__"


def tagged(data: dict[str, Any]) -> dict[str, Any]:
    """Return *data* with flashed messages that JSON can hold; itself where they are so already."""
    messages = data.get(NAME)
    if not messages or not _are_pairs(messages):
        return data
    try:
        written = _tagged(messages)
    except RecursionError:  # the serializer says what is too deep, or holds itself
        return data
    return data if written is messages else {**data, NAME: written}


def untag(data: dict[str, Any], markup: Callable[[str], Any]) -> None:
    """Give the flashed messages in *data* back what :func:`tagged` has taken from them.

    :param markup: makes text into safe HTML.
    """
    messages = data.get(NAME)
    if not messages or not _are_pairs(messages):
        return
    try:
        data[NAME] = [tuple(_untagged(part, markup) for part in pair) for pair in messages]
    except RecursionError:  # deeper than any tag of ours
        return


def _are_pairs(messages: Any) -> bool:
    # Whoever else keeps something under this name may have it in another shape.
    return isinstance(messages, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in messages
    )


def _tagged(value: Any) -> Any:
    kind = type(value)
    if callable(getattr(value, "__html__", None)):
        return {_HTML: str(value.__html__())}
    if issubclass(kind, str):
        return value
    if issubclass(kind, dict):
        return _tagged_dict(value)
    if issubclass(kind, (list, tuple)):
        items = [_tagged(item) for item in value]
        unchanged = all(new is old for new, old in zip(items, value, strict=True))
        return value if unchanged else items
    # What acts as text without being any, such as a translation that is made when it is read.
    return str(value) if hasattr(value, "casefold") else value


def _tagged_dict(value: dict[Any, Any]) -> dict[Any, Any]:
    items = {key: _tagged(item) for key, item in value.items()}
    if _is_tag(items):
        ((key, item),) = items.items()
        return {_DICT: {key + _MARK: item}}
    return value if all(items[key] is item for key, item in value.items()) else items


def _is_tag(value: dict[Any, Any]) -> bool:
    """Return whether *value* would be read as something else than a dict."""
    if len(value) != 1:
        return False
    ((key, item),) = value.items()
    if key == _HTML:
        return isinstance(item, str)
    return (
        key == _DICT and isinstance(item, dict) and list(item) in ([_HTML + _MARK], [_DICT + _MARK])
    )


def _untagged(value: Any, markup: Callable[[str], Any]) -> Any:
    if isinstance(value, dict):
        if not _is_tag(value):
            return {key: _untagged(item, markup) for key, item in value.items()}
        ((key, item),) = value.items()
        if key == _HTML:
            return markup(item)
        ((marked, inner),) = item.items()
        return {marked.removesuffix(_MARK): _untagged(inner, markup)}
    if isinstance(value, list):
        return [_untagged(item, markup) for item in value]
    return value
