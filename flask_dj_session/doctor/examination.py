"""The whole examination, put together: rows in, findings out. No database, no app, no output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ..settings import Settings
from ..store import StoredRow
from ..wire import SESSION_SALT
from .census import Census, Row
from .dates import date_findings
from .deviations import Deviations
from .finding import Finding
from .forms import form_findings, serializer_findings
from .keys import key_findings
from .reader import RowReader
from .rows import row_findings


class Examination:
    """Takes the rows of a table in, and says in the end what they show.

    :param settings: the app's.
    :param now: aware.
    :param salt: that of the app's session class.
    """

    def __init__(self, settings: Settings, *, now: datetime, salt: str = SESSION_SALT) -> None:
        serializer = settings.make_serializer()
        self._algorithm = settings.algorithm
        self._configured = getattr(serializer, "name", type(serializer).__name__)
        self._reader = RowReader(settings.keys, serializer=serializer, salt=salt)
        self.census = Census(
            now, Deviations(settings.cookie_age, settings.time_zone, settings.naive_zone)
        )

    def add(self, rows: Iterable[StoredRow]) -> None:
        """Take *rows* in."""
        census, reader = self.census, self._reader
        for row in rows:
            census.add(Row(row.session_key, row.expire_date), reader.read(row.session_data))

    def findings(self) -> list[Finding]:
        """Say what the rows show."""
        census = self.census
        return [
            *row_findings(census),
            *key_findings(census),
            *form_findings(census, self._algorithm),
            *serializer_findings(census, self._configured),
            *date_findings(census.deviations),
        ]


def is_healthy(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing is wrong."""
    return all(finding.level != "wrong" for finding in findings)
