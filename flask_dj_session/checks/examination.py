"""The whole examination, put together: rows in, findings out. No database, no app, no output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ..settings import Settings
from ..store import StoredRow
from ..wire import SESSION_SALT
from .ages import Ages, age_findings
from .clock import Clock, clock_findings
from .clock_skew import Deviations
from .dates import date_findings
from .finding import Finding
from .formats import form_findings, serializer_findings
from .keys import key_findings
from .logins import Logins
from .moved import Dates
from .policy import Policy
from .reader import RowReader
from .rows import damage_findings, expired_findings, number_finding
from .statistics import Census, Row


class Examination:
    """Takes the rows of a table in, and says in the end what they show.

    :param settings: the app's.
    :param now: aware.
    :param database_now: what the clock of the database's server says (aware); None where that is
        the clock of *now*.
    :param salt: that of the app's session class.
    :param policy: measures the rows, too.
    :param has_login: whether the app ends logins that are too old.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        now: datetime,
        database_now: datetime | None = None,
        salt: str = SESSION_SALT,
        policy: Policy | None = None,
        has_login: bool = True,
    ) -> None:
        serializer = settings.make_serializer()
        self._algorithm = settings.algorithm
        self._configured = getattr(serializer, "name", type(serializer).__name__)
        self._reader = RowReader(settings.keys, serializer=serializer, salt=salt)
        self.census = Census(
            Clock(now, database_now),
            _dates(settings, now),
        )
        #: the newest of the sessions that have a user
        self.logins = Logins(now, self.census.dates.age)
        self.ages = Ages(now, settings.absolute_age if has_login else None)
        self._policy = policy

    def add(self, rows: Iterable[StoredRow]) -> None:
        """Take *rows* in."""
        census, reader = self.census, self._reader
        for row in rows:
            read = reader.read(row.session_data)
            census.add(Row(row.session_key, row.expire_date), read)
            self.logins.add(row.expire_date, read)
            self.ages.add(row.expire_date, read)
            if self._policy is not None:
                self._policy.add(row.expire_date, read)

    def findings(self) -> list[Finding]:
        """Say what the rows show: causes first, then what follows from them."""
        census = self.census
        clock = list(clock_findings(census.clock, census.total))
        dates = date_findings(census.dates)
        are_dates_in_order = all(each.level == "ok" for each in dates)
        return [
            number_finding(census),
            *clock,
            *key_findings(census),
            *form_findings(census, self._algorithm),
            *serializer_findings(census, self._configured),
            *(() if are_dates_in_order else dates),
            *damage_findings(census),
            *expired_findings(census, is_suspected=bool(clock) or not are_dates_in_order),
            *(dates if are_dates_in_order else ()),
            *age_findings(self.ages),
        ]


def _dates(settings: Settings, now: datetime) -> Dates:
    every, unmoved = (
        Deviations(settings.cookie_age, settings.time_zone, settings.naive_zone) for _ in range(2)
    )
    return Dates(every, unmoved, now, touches=settings.touch_after is not None)


def is_healthy(findings: Sequence[Finding]) -> bool:
    """Return whether nothing is wrong."""
    return all(finding.level != "wrong" for finding in findings)
