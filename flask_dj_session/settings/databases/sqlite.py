"""SQLite: a file, by its path or by a URI of SQLite's own."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from .entry import Entry
from .urls import file_url

_IN_MEMORY = ":memory:"


def sqlite(entry: Entry) -> dict[str, Any]:
    """Return Flask-SQLAlchemy's settings for the file.

    A relative path is meant from the current directory, as in Django; Flask-SQLAlchemy would
    look below ``instance/``. Of OPTIONS, only ``timeout`` is not Django's own affair.

    :raises SettingError: where there is no name, or a name that Flask-SQLAlchemy would mistake.
    """
    if not entry.name:
        raise entry.refusal("no NAME", "Give the path of the file.")
    return {"SQLALCHEMY_DATABASE_URI": _url(entry)}


def _url(entry: Entry) -> str:
    query = entry.text_options(without=entry.options.keys() - {"timeout"})
    if entry.name == _IN_MEMORY:
        return file_url(_IN_MEMORY, query)
    if entry.name.startswith("file:"):
        name, parameters = _uri(entry)
        return file_url(name, {**parameters, **query})
    path = os.path.abspath(entry.name)
    if "?" in path:  # which would end the path in the URL of SQLAlchemy 2.0
        return file_url(f"file:{quote(path)}", {"uri": "true", **query})
    return file_url(path, query)


def _uri(entry: Entry) -> tuple[str, dict[str, str]]:
    """Take a URI as sqlite.org/uri.html describes it apart, as SQLAlchemy wants it."""
    path, _, text = entry.name.removeprefix("file:").partition("#")[0].partition("?")
    parameters = dict(parse_qsl(text))
    if path in ("", _IN_MEMORY) or parameters.get("mode") == "memory":
        raise entry.refusal(
            "a database in memory, which exists in one process only",
            f"Give a file, or '{_IN_MEMORY}' for a separate database of the Flask app.",
        )
    if not path.startswith("/"):
        path = quote(os.path.abspath(unquote(path)))
    return f"file:{path}", {**parameters, "uri": "true"}
