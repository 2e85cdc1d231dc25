"""``flask sessions decode``."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from flask_dj_session.wire import PickleSerializer, SessionCodec

from ..conftest import NOW, MakeSite, Site
from ..live_django import SECRET_KEY
from .conftest import COURSE_ROW, Run

TEXT = SessionCodec(SECRET_KEY).encode({"num_visits": 1}, NOW)
TAMPERED = "x" + TEXT[1:]
STEPS = """\
format     signed: payload, time and signature (since Django 3.1)
signed at  2026-11-23T12:30:15+00:00
signature  right: HMAC-SHA256 by SECRET_KEY
payload    not compressed: 16 bytes
data       json
{
  "num_visits": 1
}
"""


def _facts(run: Run, text: str, *options: str) -> dict[str, Any]:
    output = run("sessions", "decode", "--json", *options, "-", input=text).output
    facts: dict[str, Any] = json.JSONDecoder().raw_decode(output)[0]
    return facts


class _Evil:
    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Any, ...]:
        return os.makedirs, (str(self.touched),)


@pytest.mark.parametrize(
    ("args", "stdin"), [([TEXT], None), (["-"], TEXT + "\n"), ([], f"\n{TEXT}\n")]
)
def test_a_text_is_taken_apart_step_by_step(run: Run, args: list[str], stdin: str | None) -> None:
    assert run("sessions", "decode", *args, input=stdin).output == STEPS


def test_a_fallback_key_is_named(run: Run, site: Site) -> None:
    site.app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["between", SECRET_KEY])
    assert _facts(run, TEXT)["key"] == "SECRET_KEY_FALLBACKS[1]"


def test_compressed_data_is_unpacked(run: Run) -> None:
    text = SessionCodec(SECRET_KEY).encode({"a": "b" * 500}, NOW)
    assert "payload    zlib, unpacks to 508 bytes\n" in run("sessions", "decode", text).output


def test_a_wrong_signature_is_an_error_and_no_data_is_shown(run: Run) -> None:
    result = run("sessions", "decode", TAMPERED)
    assert "signature  WRONG: no HMAC-SHA256 by SECRET_KEY or its fallbacks\n" in result.output
    assert "Error: None of the keys made this signature.\n" in result.output
    assert "data" not in result.output
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("text", "visits"),
    [
        (COURSE_ROW, 1),
        ("OWNkOGQxYjg4NzlkN2ZhOTc2NmU1ODY0NWMzZmQ4YjdhMzM4OTJhNjp7Im51bV92aXNpdHMiOjJ9", 2),
    ],
)
def test_the_rows_of_the_course_are_shown_where_that_is_asked_for(
    run: Run, text: str, visits: int
) -> None:
    refused = run("sessions", "decode", text)
    shown = run("sessions", "decode", text, "--unverified")
    assert "num_visits" not in refused.output
    assert refused.exit_code == 1
    assert f'UNVERIFIED json\n{{\n  "num_visits": {visits}\n}}\n' in shown.output
    assert shown.exit_code == 0


def test_the_json_of_what_is_not_verified_says_so(run: Run) -> None:
    facts = _facts(run, COURSE_ROW, "--unverified")
    assert (facts["form"], facts["verified"], facts["key"]) == ("legacy", False, None)
    assert facts["data"] == {"num_visits": 1}


def test_the_json_of_a_refusal_has_no_data_but_the_reason(run: Run) -> None:
    facts = _facts(run, COURSE_ROW)
    assert facts["data"] is None
    assert facts["error"] == "None of the keys made this signature"


def test_a_pickle_that_is_not_verified_is_never_unpickled(run: Run, tmp_path: Path) -> None:
    payload = pickle.dumps(_Evil(tmp_path / "touched"))
    text = SessionCodec("other", serializer=_raw(payload), algorithm="sha1").encode({}, NOW)
    result = run("sessions", "decode", text, "--unverified")
    assert "UNVERIFIED pickle, which is not unpickled; it names os.makedirs\n" in result.output
    assert not (tmp_path / "touched").exists()


def test_a_pickle_that_is_verified_is_read_through_the_allow_list(run: Run, tmp_path: Path) -> None:
    good = SessionCodec(SECRET_KEY, serializer=PickleSerializer).encode({"when": NOW}, NOW)
    facts = _facts(run, good)
    assert (facts["serializer"], facts["verified"]) == ("pickle", True)
    assert facts["data"] == {"when": repr(NOW)}

    evil = _raw(pickle.dumps(_Evil(tmp_path / "touched")))
    result = run("sessions", "decode", SessionCodec(SECRET_KEY, serializer=evil).encode({}, NOW))
    assert "Error: The pickle names 'os.makedirs', which is refused.\n" in result.output
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("text", ["", "abc", ":", "a:b:c", "a:1xVHTU:c", "é:1:2", "/w=="])
@pytest.mark.parametrize("options", [[], ["--unverified"]])
def test_any_other_text_is_a_plain_error(run: Run, text: str, options: list[str]) -> None:
    result = run("sessions", "decode", *options, "-", input=text)
    assert result.exit_code == 1
    assert "Error: " in result.output


def test_no_signature_and_no_key_is_ever_shown(run: Run) -> None:
    for options in ([], ["--json"], ["--unverified"]):
        output = run("sessions", "decode", TEXT, *options).output
        assert TEXT.rpartition(":")[2] not in output
        assert SECRET_KEY not in output


def test_it_needs_no_table(make_site: MakeSite) -> None:
    runner = make_site(table=False).app.test_cli_runner()
    assert runner.invoke(args=["sessions", "decode", TEXT]).exit_code == 0


def _raw(payload: bytes) -> Any:
    class Raw:
        def dumps(self, obj: Any) -> bytes:
            return payload

        def loads(self, data: bytes) -> Any:
            return {}

    return Raw
