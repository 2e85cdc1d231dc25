"""The databases that real Djangos wrote, read by the codec and through the whole extension."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from flask_dj_session import SessionCodec
from flask_dj_session.errors import SignatureError
from flask_dj_session.wire import PickleSerializer, Reading
from flask_dj_session.wire.serializers import JSONSerializer, Serializer
from flask_dj_session.wire.stand_ins import Message

from .conftest import MakeSite, Site

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parent / "golden"
READ_AT = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)

SERIALIZERS: dict[str, type[Serializer]] = {"json": JSONSerializer, "pickle": PickleSerializer}

Golden = dict[str, Any]


def load(path: Path) -> Golden:
    golden: Golden = json.loads(path.read_text())
    golden["name"] = path.stem
    return golden


ALL = [load(path) for path in sorted(GOLDEN.glob("django-*.json"))]
CASES = [(golden, row) for golden in ALL for row in golden["rows"]]
JSON_CASES = [case for case in CASES if case[0]["serializer"] == "json"]


def id_of(case: tuple[Golden, Golden]) -> str:
    golden, row = case
    return f"{golden['name']}-{row['what']}"


per_row = pytest.mark.parametrize(("golden", "row"), CASES, ids=[*map(id_of, CASES)])
per_file = pytest.mark.parametrize("golden", ALL, ids=[golden["name"] for golden in ALL])


def revive(value: Any) -> Any:
    """Put objects where ``decoded`` has what stands for them."""
    if isinstance(value, list):
        return [revive(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"__datetime__": text}:
            return datetime.fromisoformat(text)
        case {"__seconds__": seconds}:
            return timedelta(seconds=seconds)
        case {"__message__": [level, message, extra_tags]}:
            return Message(level, message, extra_tags)
    return {key: revive(item) for key, item in value.items()}


def expire_date(golden: Golden, row: dict[str, Any]) -> datetime:
    """Return the row's date, aware."""
    date = datetime.fromisoformat(row["expire_date"])
    return date if golden["use_tz"] else date.replace(tzinfo=ZoneInfo(golden["time_zone"]))


def codec(golden: Golden, **options: Any) -> SessionCodec:
    return SessionCodec(
        options.pop("secret_key", golden["secret_key"]),
        serializer=SERIALIZERS[golden["serializer"]],
        **options,
    )


def read(golden: Golden, row: dict[str, Any]) -> Reading:
    return codec(golden).read(row["session_data"])


# The codec


def test_every_django_is_there() -> None:
    assert len(ALL) == 16
    assert len(CASES) == 254


@per_row
def test_a_row_reads_as_django_reads_it(golden: Golden, row: dict[str, Any]) -> None:
    reading = read(golden, row)
    assert reading.data == revive(row["decoded"])
    assert reading.key_index == 0
    assert reading.serializer == golden["serializer"]


@per_row
def test_a_row_tells_its_form_and_when_it_was_signed(golden: Golden, row: dict[str, Any]) -> None:
    reading = read(golden, row)
    if int(golden["django"].split(".")[0]) < 3 or golden["django"].startswith("3.0"):
        assert (reading.form, reading.signed_at) == ("legacy", None)
    else:
        assert reading.form == "signed"
        assert reading.signed_at is not None
        assert timedelta(0) < READ_AT - reading.signed_at < timedelta(days=1)
        assert reading.compressed is row["session_data"].startswith(".")


@per_row
def test_a_row_is_nothing_with_a_wrong_key(golden: Golden, row: dict[str, Any]) -> None:
    with pytest.raises(SignatureError):
        codec(golden, secret_key="wrong").decode(row["session_data"])


@per_row
def test_a_row_reads_with_a_fallback_key(golden: Golden, row: dict[str, Any]) -> None:
    reader = codec(golden, secret_key="new", fallback_keys=["old", golden["secret_key"]])
    assert reader.read(row["session_data"]).key_index == 2


@pytest.mark.parametrize(
    ("golden", "row"),
    JSON_CASES,
    ids=[*map(id_of, JSON_CASES)],
)
def test_a_json_row_is_written_again_in_its_very_bytes(golden: Golden, row: dict[str, Any]) -> None:
    reading = read(golden, row)
    writer = codec(golden, algorithm="sha1" if reading.form == "legacy" else "sha256")
    text = writer.encode(reading.data, reading.signed_at or READ_AT)
    assert text == row["session_data"]


@per_row
def test_what_is_written_again_reads_the_same(golden: Golden, row: dict[str, Any]) -> None:
    reading = read(golden, row)
    for algorithm in ("sha1", "sha256"):
        text = codec(golden, algorithm=algorithm).encode(reading.data, READ_AT)
        assert codec(golden).decode(text) == revive(row["decoded"])


# The whole extension, on a copy of the database


@pytest.fixture
def golden_site(golden: Golden, database: Path, make_site: MakeSite) -> Site:
    shutil.copy(GOLDEN / f"{golden['name']}.sqlite3", database)
    return make_site(
        table=False,
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{database}",
        SECRET_KEY=golden["secret_key"],
        USE_TZ=golden["use_tz"],
        TIME_ZONE=golden["time_zone"],
        SESSION_SERIALIZER=golden["serializer"],
    )


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(READ_AT, tick=False) as traveller:
        yield traveller


@pytest.mark.slow
@per_file
@pytest.mark.usefixtures("traveller")
def test_every_session_loads(golden: Golden, golden_site: Site) -> None:
    with golden_site.app.app_context():
        for row in golden["rows"]:
            session = golden_site.sessions.session(row["session_key"])
            assert session.load() == revive(row["decoded"]), row["what"]
            assert session.session_key == row["session_key"]


@per_file
@pytest.mark.usefixtures("traveller")
def test_every_row_of_the_model_has_its_date_and_data(golden: Golden, golden_site: Site) -> None:
    expected = {row["session_key"]: row for row in golden["rows"]}
    rows = golden_site.rows()
    assert {row.session_key for row in rows} == set(expected)
    with golden_site.app.app_context():
        for row in rows:
            there = expected[row.session_key]
            assert row.expire_date.utcoffset() is not None
            assert row.expire_date == expire_date(golden, there)
            assert row.get_decoded() == revive(there["decoded"])


@per_file
def test_every_session_ends_at_its_date(
    golden: Golden, golden_site: Site, traveller: time_machine.Traveller
) -> None:
    instant = timedelta(microseconds=1)
    with golden_site.app.app_context():
        for row in golden["rows"]:
            date = expire_date(golden, row)
            traveller.move_to(date - instant)
            assert golden_site.sessions.session(row["session_key"]).load() == revive(row["decoded"])
            traveller.move_to(date)
            session = golden_site.sessions.session(row["session_key"])
            assert session.load() == {}
            assert session.session_key is None


@per_file
@pytest.mark.usefixtures("traveller")
def test_a_session_that_is_saved_again_keeps_its_data(golden: Golden, golden_site: Site) -> None:
    with golden_site.app.app_context():
        for row in golden["rows"]:
            session = golden_site.sessions.session(row["session_key"])
            session["touched"] = True
            session.save()
            again = golden_site.sessions.session(row["session_key"])
            assert again.load() == {**revive(row["decoded"]), "touched": True}


@per_file
def test_clear_expired_removes_what_has_ended(
    golden: Golden, golden_site: Site, traveller: time_machine.Traveller
) -> None:
    date = datetime(2050, 1, 1, tzinfo=timezone.utc)
    ended = {row["session_key"] for row in golden["rows"] if expire_date(golden, row) < date}
    traveller.move_to(date)
    with golden_site.app.app_context():
        assert golden_site.sessions.clear_expired() == len(ended) > 0
    left = {row.session_key for row in golden_site.rows()}
    assert left == {row["session_key"] for row in golden["rows"]} - ended
