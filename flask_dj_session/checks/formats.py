"""Which forms and serializers the rows have, and whether Django reads what this app writes."""

from __future__ import annotations

from collections.abc import Iterator

from ..wire.codec import Algorithm
from .finding import Finding, at, count
from .statistics import Census

_CALLED = {"json": "JSON", "pickle": "pickles"}
_OLD_FORM = (
    "Set DEFAULT_HASHING_ALGORITHM = 'sha1' as long as a Django before 3.1 writes here ('python -m"
    " django --version' shows the version). Otherwise do not set it: Django 4.0 and newer cannot"
    " read the legacy format."
)
_SERIALIZERS = "django.contrib.sessions.serializers."


def form_findings(census: Census, algorithm: Algorithm) -> Iterator[Finding]:
    """Tell about the two forms.

    :param algorithm: DEFAULT_HASHING_ALGORITHM, by which the app writes.
    """
    signed, legacy = census.forms["signed"], census.forms["legacy"]
    if signed:
        yield Finding(
            "ok", f"{count(signed, 'row is', 'rows are')} in the format of Django 3.1 and later."
        )
    newest = _newest_form(census)
    if legacy:
        yield Finding(
            "note",
            f"{count(legacy, 'row is', 'rows are')} in the legacy format: written by a Django"
            " before 3.1, or with DEFAULT_HASHING_ALGORITHM = 'sha1'.",
            _OLD_FORM if newest == "signed" and algorithm != "sha1" else "",
        )
    if newest == "legacy" and algorithm != "sha1":
        yield Finding(
            "wrong",
            "The newest rows are in the legacy format, but this app writes the signed format, which"
            " a Django before 3.1 cannot read.",
            _OLD_FORM,
        )
    if newest == "signed" and algorithm == "sha1":
        yield Finding(
            "wrong",
            "The newest rows are in the signed format, but this app writes the legacy format, which"
            " Django 4.0 and newer cannot read.",
            "Remove DEFAULT_HASHING_ALGORITHM = 'sha1', unless a Django before 3.1 still reads here"
            " ('python -m django --version' shows the version).",
        )


def _newest_form(census: Census) -> str | None:
    """Tell the form of the row that was written last, as far as it can be known."""
    dated = {form: span.last for form, span in census.written.items() if span.last is not None}
    if census.dates.moved:
        dated.pop("legacy", None)  # it cannot be told whether such a row is new, or was moved
    return max(dated, key=dated.__getitem__) if dated else None


def serializer_findings(census: Census, configured: str) -> Iterator[Finding]:
    """Tell about rows that another serializer wrote.

    :param configured: the name of the app's, as :class:`~flask_dj_session.Reading` has it.
    """
    since = census.newest_misfits.have_been(lambda is_misfit: not is_misfit)
    for name, number in sorted(census.misfits.items()):
        kind = "PickleSerializer" if name == "pickle" else "JSONSerializer"
        one, many = ("a pickle", "pickles") if name == "pickle" else ("JSON", "JSON")
        text = (
            f"{count(number, f'row is {one}', f'rows are {many}')}, and this app's"
            f" SESSION_SERIALIZER reads {_CALLED.get(configured, 'another format')}"
        )
        last = census.last_misfit[name]
        if last is not None and since is not None and last < since:
            yield Finding(
                "note",
                f"{text}; the last of them was signed at {at(last)}, and this app can read the rows"
                " signed since then.",
                "If Django signed any of these, its SESSION_SERIALIZER was changed in between, and"
                " you do not need to do anything. If this app signed all of them, compare the"
                " setting with Django's.",
            )
            continue
        yield Finding(
            "wrong",
            f"{text}.",
            f"Set SESSION_SERIALIZER = '{_SERIALIZERS}{kind}' if the Django settings still have it."
            " Otherwise let these sessions expire.",
        )
