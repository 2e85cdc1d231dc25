"""Pickled sessions, and what no pickle may do."""

from __future__ import annotations

import contextlib
import os
import pickle
import pickletools
import subprocess
import tracemalloc
from collections import Counter, OrderedDict
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID, SafeUUID
from zoneinfo import ZoneInfo

import pytest

from flask_dj_session.errors import EncodeError, PickleError
from flask_dj_session.wire.allowed import ALLOWED
from flask_dj_session.wire.pickles import PickleSerializer
from flask_dj_session.wire.stand_ins import (
    UTC,
    Message,
    PytzUTC,
    SafeString,
    SafeText,
    SafeUnicode,
)

PRAGUE = timezone(timedelta(hours=1), "Prague")

VALUES: dict[str, Any] = {
    "None": None,
    "True": True,
    "int": 5,
    "negative int": -1,
    "large int": 2**70,
    "float": 1.5,
    "complex": 1 + 2j,
    "str": "žluťoučký 🐎",
    "empty str": "",
    "bytes": b"\x00\xff\x80",
    "empty bytes": b"",
    "bytearray": bytearray(b"\x00\xff"),
    "empty bytearray": bytearray(),
    "list": [1, [2, []]],
    "tuple": (1, (2, ()), 3, 4),
    "dict": {1: {"a": (2,)}, None: 3, (4, 5): 6},
    "set": {1, "a"},
    "empty set": set(),
    "frozenset": frozenset({1, 2}),
    "datetime": datetime(2027, 12, 28, 0, 56, 7, 753850),
    "datetime with its second pass": datetime(2026, 10, 25, 2, 30, fold=1),
    "datetime in UTC": datetime(2176, 5, 4, tzinfo=timezone.utc),
    "datetime with an offset": datetime(2176, 5, 4, tzinfo=PRAGUE),
    "date": date(2176, 5, 4),
    "time": time(23, 59, 59, 987654),
    "timedelta": timedelta(1, 2, 3),
    "timezone": PRAGUE,
    "Decimal": Decimal("9.90"),
    "UUID": UUID(int=2**127 + 1),
    "safe UUID": UUID(int=5, is_safe=SafeUUID.safe),
    "Message": Message(25, "Saved ✓", "extra"),
}

# what stands for Django's objects is equal to what it is, so the type is checked too
STAND_INS: dict[str, tuple[Any, str]] = {
    "Message": (Message(25, "Saved ✓"), "django.contrib.messages.storage.base Message"),
    "SafeString": (SafeString("<b>č</b>"), "django.utils.safestring SafeString"),
    "SafeText": (SafeText("<b>č</b>"), "django.utils.safestring SafeText"),
    "SafeUnicode": (SafeUnicode("<b>č</b>"), "django.utils.safestring SafeUnicode"),
    "UTC": (UTC(), "django.utils.timezone UTC"),
    "pytz": (PytzUTC(), "pytz _UTC"),
}


@pytest.fixture(params=[2, 4])
def serializer(request: pytest.FixtureRequest) -> PickleSerializer:
    return PickleSerializer(request.param)


def loads(payload: bytes) -> Any:
    return PickleSerializer().loads(payload)


def globals_of(payload: bytes) -> list[str]:
    """Return the names in a pickle, of every opcode that can hold one."""
    names: list[str] = []
    texts: list[str] = []
    for opcode, argument, _ in pickletools.genops(payload):
        if opcode.name in ("GLOBAL", "INST"):
            names.append(str(argument))
        elif opcode.name == "STACK_GLOBAL":
            names.append(" ".join(texts[-2:]))
        elif "UNICODE" in opcode.name:
            texts.append(str(argument))
    return names


# Round trips


@pytest.mark.parametrize("name", VALUES)
def test_every_allowed_type_reads_as_it_was_written(
    serializer: PickleSerializer, name: str
) -> None:
    data = {"value": VALUES[name]}
    read = serializer.loads(serializer.dumps(data))
    assert read == data
    assert type(read["value"]) is type(data["value"])


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("name", [name for name in VALUES if name != "Message"])
def test_what_python_itself_pickled_is_read(name: str, protocol: int) -> None:
    data = {"value": VALUES[name]}
    read = loads(pickle.dumps(data, protocol))
    assert read == data
    assert type(read["value"]) is type(data["value"])


def test_what_is_none_of_djangos_is_written_as_python_writes_it() -> None:
    data = {"when": date(2026, 11, 26), "price": Decimal("1.5")}
    assert PickleSerializer().dumps(data) == pickle.dumps(data, 4)


def test_what_is_written_is_read_by_every_python_3() -> None:
    protocol = PickleSerializer().dumps({"n": 1})[:2]
    assert protocol == b"\x80\x04"


@pytest.mark.parametrize("name", [name for name in VALUES if name != "Message"])
def test_what_is_written_is_read_by_python_itself(serializer: PickleSerializer, name: str) -> None:
    data = {"value": VALUES[name]}
    assert pickle.loads(serializer.dumps(data)) == data


@pytest.mark.parametrize("name", STAND_INS)
def test_djangos_objects_are_written_under_djangos_names(
    serializer: PickleSerializer, name: str
) -> None:
    value, global_name = STAND_INS[name]
    payload = serializer.dumps({"value": value})
    read = serializer.loads(payload)["value"]
    assert globals_of(payload) == [global_name]
    assert type(read) is type(value)
    if not isinstance(value, tzinfo):
        assert read == value


def test_a_name_is_written_once_and_then_referred_to(serializer: PickleSerializer) -> None:
    payload = serializer.dumps({"_messages": [Message(20, "one"), Message(30, SafeText("two"))]})
    assert globals_of(payload) == [
        "django.contrib.messages.storage.base Message",
        "django.utils.safestring SafeText",
    ]


def test_a_safe_string_in_a_message_stays_one(serializer: PickleSerializer) -> None:
    payload = serializer.dumps({"m": Message(25, SafeString("<b>"), "tag")})
    message = serializer.loads(payload)["m"]
    assert type(message.message) is SafeString
    assert message == Message(25, "<b>", "tag")


def test_datetimes_with_djangos_utc_are_aware_and_stay_so(serializer: PickleSerializer) -> None:
    moment = datetime(2040, 1, 2, 3, 4, 5, 600, tzinfo=UTC())
    read = serializer.loads(serializer.dumps({"_session_expiry": moment}))["_session_expiry"]
    assert read == datetime(2040, 1, 2, 3, 4, 5, 600, tzinfo=timezone.utc)
    assert read.utcoffset() == timedelta(0)
    assert read.tzname() == "UTC"
    assert type(read.tzinfo) is UTC


def test_the_same_object_twice_stays_the_same_and_circles_are_kept(
    serializer: PickleSerializer,
) -> None:
    data: dict[str, Any] = {"a": [1]}
    data.update(b=data["a"], me=data)
    read = serializer.loads(serializer.dumps(data))
    assert read["a"] is read["b"]
    assert read["me"] is read


@pytest.mark.parametrize("state", [b"}", b"}\x8c\x0aextra_tagsNs"], ids=["empty", "no tags"])
def test_what_the_state_of_a_message_leaves_out_is_as_in_a_new_one(
    serializer: PickleSerializer, state: bytes
) -> None:
    blank = b"cdjango.contrib.messages.storage.base\nMessage\n)\x81"
    read = serializer.loads(b"\x80\x04}\x8c\x01m" + blank + state + b"bs.")
    assert read == {"m": Message()}
    assert read["m"].parts == (0, "", "")


def test_a_message_shows_what_it_is() -> None:
    assert repr(Message(25, "Saved", "tag")) == "Message(25, 'Saved', 'tag')"
    assert Message(25, "Saved") != Message(25, "Twice")
    assert Message(25, "Saved") != "Saved"


# What Python 2 wrote: literals of Python 2.7.18, in protocol 2, and of Django there


@pytest.mark.parametrize(
    ("payload", "data"),
    [
        pytest.param(
            b"\x80\x02}q\x00U\x04nameq\x01U\x02\xc5\xbeq\x02s.", {"name": "ž"}, id="str in UTF-8"
        ),
        pytest.param(
            b"\x80\x02}q\x00X\x02\x00\x00\x00\xc5\xbeq\x01X\x02\x00\x00\x00\xc4\x8dq\x02s.",
            {"ž": "č"},
            id="unicode",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x02atq\x01cdatetime\ndatetime\nq\x02"
            b"U\n\x07\xeb\x0c\x1c\x008\x07\x0b\x80\xbaq\x03\x85q\x04Rq\x05s.",
            {"at": datetime(2027, 12, 28, 0, 56, 7, 753850)},
            id="datetime",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x02atq\x01cdatetime\ndatetime\nq\x02"
            b"U\n\x08\x98\x0c\x1f\x17;;\x0fB?q\x03\x85q\x04Rq\x05s.",
            {"at": datetime(2200, 12, 31, 23, 59, 59, 999999)},
            id="datetime whose state is no UTF-8",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x02onq\x01cdatetime\ndate\nq\x02U\x04\x08\x80\x05\x04q\x03\x85q\x04"
            b"Rq\x05s.",
            {"on": date(2176, 5, 4)},
            id="date",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x02atq\x01cdatetime\ntime\nq\x02U\x06\x17;;\x0f\x12\x06q\x03\x85q"
            b"\x04Rq\x05s.",
            {"at": time(23, 59, 59, 987654)},
            id="time",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x03forq\x01cdatetime\ntimedelta\nq\x02K\x01K\x02K\x03\x87q\x03Rq"
            b"\x04s.",
            {"for": timedelta(1, 2, 3)},
            id="timedelta",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x04tagsq\x01c__builtin__\nset\nq\x02]q\x03U\x01aq\x04a\x85q\x05Rq"
            b"\x06s.",
            {"tags": {"a"}},
            id="set",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x04tagsq\x01c__builtin__\nfrozenset\nq\x02]q\x03K\x01a\x85q\x04Rq"
            b"\x05s.",
            {"tags": frozenset({1})},
            id="frozenset",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x01tq\x01(K\x01\x8a\t\x00\x00\x00\x00\x00\x00\x00\x00@N\x88"
            b"G?\xf8\x00\x00\x00\x00\x00\x00tq\x02s.",
            {"t": (1, 2**70, None, True, 1.5)},
            id="tuple with a long",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x05priceq\x01cdecimal\nDecimal\nq\x02U\x049.90q\x03\x85q\x04Rq\x05s.",
            {"price": Decimal("9.90")},
            id="Decimal",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x02idq\x01cuuid\nUUID\nq\x02)\x81q\x03}q\x04U\x03intq\x05K\x05sbs.",
            {"id": UUID(int=5)},
            id="UUID",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x01cq\x01c__builtin__\ncomplex\nq\x02G?\xf0\x00\x00\x00\x00\x00\x00"
            b"G@\x00\x00\x00\x00\x00\x00\x00\x86q\x03Rq\x04s.",
            {"c": 1 + 2j},
            id="complex",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x01bq\x01c__builtin__\nbytearray\nq\x02X\x03\x00\x00\x00\x00\xc3\xbf"
            b"q\x03U\x07latin-1q\x04\x86q\x05Rq\x06s.",
            {"b": bytearray(b"\x00\xff")},
            id="bytearray",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x01vq\x01cdjango.contrib.messages.storage.base\nMessage\nq\x02)\x81"
            b"q\x03}q\x04(U\nextra_tagsq\x05U\x01tq\x06U\x07messageq\x07X\x01\x00\x00\x00xq\x08"
            b"U\x05levelq\tK\x19ubs.",
            {"v": Message(25, "x", "t")},
            id="Message",
        ),
        pytest.param(
            b"\x80\x02}q\x00U\x01vq\x01cdjango.contrib.messages.storage.base\nMessage\nq\x02)\x81"
            b"q\x03}q\x04(U\nextra_tagsq\x05NU\x07messageq\x06cdjango.utils.safestring\nSafeText\n"
            b"q\x07X\x01\x00\x00\x00xq\x08\x85q\t\x81q\n}q\x0bbU\x05levelq\x0cK\x19ubs.",
            {"v": Message(25, SafeText("x"))},
            id="Message of a safe text",
        ),
    ],
)
def test_pickles_of_python_2_are_read(payload: bytes, data: dict[str, Any]) -> None:
    assert loads(payload) == data


@pytest.mark.parametrize(
    ("payload", "text", "class_name"),
    [
        (
            (
                b"\x80\x02}q\x00U\x01vq\x01cdjango.utils.safestring\nSafeString\nq\x02U\x03<b>q\x03"
                b"\x85q\x04\x81q\x05}q\x06bs."
            ),
            "<b>",
            "SafeString",
        ),
        (
            (
                b"\x80\x02}q\x00U\x01vq\x01cdjango.utils.safestring\nSafeUnicode\nq\x02X\x05\x00\x00"
                b"\x00<b>\xc4\x8dq\x03\x85q\x04\x81q\x05}q\x06bs."
            ),
            "<b>č",
            "SafeUnicode",
        ),
        (
            (
                b"\x80\x02}q\x00U\x01vq\x01cdjango.utils.safestring\nSafeBytes\nq\x02U\x03<b>q\x03\x85"
                b"q\x04\x81q\x05}q\x06bs."
            ),
            "<b>",
            "SafeBytes",
        ),
        (
            (
                b"\x80\x02}q\x00U\x01vq\x01cdjango.utils.safestring\nSafeText\nq\x02X\x05\x00\x00\x00"
                b"<b>\xc4\x8dq\x03\x85q\x04\x81q\x05}q\x06bs."
            ),
            "<b>č",
            "SafeText",
        ),
        (
            (
                b"\x80\x02}q\x00X\x01\x00\x00\x00vq\x01cdjango.utils.safestring\nSafeText\nq\x02X\x05"
                b"\x00\x00\x00<b>\xc4\x8dq\x03\x85q\x04\x81q\x05s."
            ),
            "<b>č",
            "SafeText",
        ),
    ],
    ids=["1.4 str", "1.4 unicode", "1.8 str", "1.8 unicode", "2.2 on Python 3"],
)
def test_what_mark_safe_returned_in_old_djangos_is_read(
    payload: bytes, text: str, class_name: str
) -> None:
    value = loads(payload)["v"]
    assert value == text
    assert type(value).__name__ == class_name


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"\x80\x02}q\x00U\x01vq\x01cdjango.utils.timezone\nUTC\nq\x02)Rq\x03s.", UTC),
        (b"\x80\x02}q\x00X\x01\x00\x00\x00vq\x01cpytz\n_UTC\nq\x02)Rq\x03s.", PytzUTC),
    ],
    ids=["1.4", "2.2"],
)
def test_the_utc_of_old_djangos_is_read(payload: bytes, kind: type[tzinfo]) -> None:
    zone = loads(payload)["v"]
    assert type(zone) is kind
    assert zone.utcoffset(None) == timedelta(0)


def test_text_of_python_2_in_another_encoding_is_not_lost() -> None:
    name = loads(b"\x80\x02}q\x00U\x04nameq\x01U\x03\xe9t\xe9q\x02s.")["name"]
    assert name.encode("utf-8", "surrogateescape") == b"\xe9t\xe9"


# What is refused


@pytest.mark.parametrize(
    ("payload", "global_name"),
    [
        pytest.param(b"cos\nsystem\n(S'exit 1'\ntR.", "os.system", id="os.system"),
        pytest.param(b"cposix\nsystem\n.", "posix.system", id="posix.system"),
        pytest.param(
            b"\x80\x04cbuiltins\neval\n\x8c\x011\x85R.", "builtins.eval", id="builtins.eval"
        ),
        pytest.param(
            b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93.", "builtins.exec", id="builtins.exec"
        ),
        pytest.param(
            b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.", "builtins.getattr", id="getattr"
        ),
        pytest.param(
            b"\x80\x04\x8c\x08builtins\x8c\x06object\x93)\x81.", "builtins.object", id="object"
        ),
        pytest.param(
            b"csubprocess\nPopen\n(S'false'\ntR.", "subprocess.Popen", id="subprocess.Popen"
        ),
        pytest.param(
            b"\x80\x04ccopyreg\n_reconstructor\n.",
            "copyreg._reconstructor",
            id="copyreg._reconstructor",
        ),
        pytest.param(
            b"\x80\x04\x8c\x08datetime\x8c\x0bsys.modules\x93.",
            "datetime.sys.modules",
            id="dotted name",
        ),
        pytest.param(
            b"\x80\x04\x8c\x08builtins\x8c\x0dset.__class__\x93.",
            "builtins.set.__class__",
            id="dotted name of an allowed one",
        ),
        pytest.param(b"(S'exit 1'\nios\nsystem\n.", "os.system", id="INST"),
        pytest.param(b"(cos\nsystem\nS'exit 1'\no.", "os.system", id="OBJ"),
        pytest.param(
            b"cdjango.contrib.sessions.backends.db\nSessionStore\n)\x81.",
            "django.contrib.sessions.backends.db.SessionStore",
            id="Django's own",
        ),
        pytest.param(
            b"cflask_dj_session.wire.pickles\nMessage\n)\x81.",
            "flask_dj_session.wire.pickles.Message",
            id="this package's own",
        ),
        pytest.param(
            b"\x80\x04ccollections\nOrderedDict\n)R.", "collections.OrderedDict", id="OrderedDict"
        ),
        pytest.param(b"\x80\x04cno.such.module\nname\n.", "no.such.module.name", id="not there"),
    ],
)
def test_a_name_outside_the_allow_list_is_refused(payload: bytes, global_name: str) -> None:
    with pytest.raises(PickleError) as caught:
        loads(payload)
    assert caught.value.global_name == global_name
    assert global_name in str(caught.value)
    assert caught.value.reason == "pickle"


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (b"\x80\x02c__builtin__\neval\n(U\x011tR.", "eval"),
        (b"\x80\x02c__builtin__\ngetattr\n.", "getattr"),
        (b"\x80\x02ccopy_reg\n_reconstructor\n(c__builtin__\nobject\nNNtR.", "_reconstructor"),
    ],
)
def test_names_of_python_2_are_refused_too(payload: bytes, name: str) -> None:
    with pytest.raises(PickleError) as caught:
        loads(payload)
    assert str(caught.value.global_name).endswith(f".{name}")


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"\x82\x01.", id="EXT1"),
        pytest.param(b"\x83\x01\x00.", id="EXT2"),
        pytest.param(b"\x84\x01\x00\x00\x00.", id="EXT4"),
        pytest.param(b"Psome id\n.", id="PERSID"),
        pytest.param(b"\x8c\x07some idQ.", id="BINPERSID"),
        pytest.param(b"\x80\x05\x97.", id="NEXT_BUFFER"),
        pytest.param(b"\x80\x06N.", id="protocol of the future"),
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="no end"),
        pytest.param(b".", id="nothing before the end"),
        pytest.param(b"K\x01K\x01R.", id="call of a number"),
        pytest.param(b"}}b.", id="attributes of a dict"),
        pytest.param(b"g0\n.", id="nothing in the memo"),
        pytest.param(b'{"num_visits":1}', id="JSON"),
        pytest.param(b"\x80\x04cdatetime\ndatetime\n)R.", id="datetime of nothing"),
        pytest.param(b"\x80\x04c_codecs\nencode\n\x8c\x01a\x8c\x03rot\x86R.", id="other codec"),
        pytest.param(b"\x80\x04cdecimal\nDecimal\n\x8c\x01x\x85R.", id="Decimal of a letter"),
        pytest.param(
            b"\x80\x04cdjango.contrib.messages.storage.base\nMessage\n)\x81K\x01b.",
            id="Message of a number",
        ),
    ],
)
def test_what_is_no_pickle_of_a_session_is_refused(payload: bytes) -> None:
    with pytest.raises(PickleError) as caught:
        loads(payload)
    assert caught.value.global_name is None
    assert caught.value.reason == "pickle"


def test_nothing_is_called_before_a_later_name_is_refused() -> None:
    # The first call is of an allowed name, the second of a refused one.
    with pytest.raises(PickleError) as caught:
        loads(b"\x80\x04(cdecimal\nDecimal\n\x8c\x011\x85Rcos\nsystem\n\x8c\x06exit 1\x85Rt.")
    assert caught.value.global_name == "os.system"


def test_a_pickle_of_the_real_thing_is_refused() -> None:
    for value in (os.system, subprocess.Popen, Counter, OrderedDict(a=1), ZoneInfo("UTC")):
        with pytest.raises(PickleError):
            loads(pickle.dumps({"value": value}))


@pytest.mark.parametrize(("module", "name"), sorted(ALLOWED))
def test_no_pickle_changes_what_is_on_the_allow_list(module: str, name: str) -> None:
    # BUILD sets attributes of whatever is on the stack, so of a class or function, too.
    named = b"\x80\x04c" + f"{module}\n{name}\n".encode()
    with contextlib.suppress(PickleError):
        loads(named + b"(N}\x8c\x07changed\x8c\x01xstb.")
    changed = hasattr(ALLOWED[module, name], "changed")
    if changed:
        del ALLOWED[module, name].changed
    assert not changed


def test_no_pickle_changes_a_constant() -> None:
    with contextlib.suppress(PickleError):
        loads(b"\x80\x04cuuid\nSafeUUID\nK\x00\x85R}\x8c\x07changed\x8c\x01xsb.")
    assert not vars(SafeUUID.safe).pop("changed", None)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"Nr\x00\x00\x00\x01.", id="memo"),
        pytest.param(
            b"\x80\x04cbuiltins\nbytearray\nJ\x00\x00\x00\x08\x85R.", id="bytearray of a number"
        ),
        pytest.param(b"\x80\x05\x96\0\0\0\x08\0\0\0\0.", id="bytearray that is cut off"),
    ],
)
def test_a_small_pickle_takes_little_memory(payload: bytes) -> None:
    tracemalloc.start()
    try:
        loads(payload)
    except PickleError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 10 * 1024 * 1024


# What is not written


class Own(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "path", "kind"),
    [
        pytest.param({"z": [ZoneInfo("UTC")]}, "z[0]", "ZoneInfo", id="zone"),
        pytest.param({"d": {"e": (1, [lambda: 0])}}, "d.e[1][0]", "function", id="lambda"),
        pytest.param({"f": os.system}, "f", "builtin_function_or_method", id="function"),
        pytest.param({"k": {"my class": int}}, "k['my class']", "type", id="class"),
        pytest.param({"g": (n for n in "")}, "g", "generator", id="generator"),
        pytest.param({"s": Own("x")}, "s", "Own", id="subclass of str"),
        pytest.param({"o": OrderedDict(a=1)}, "o", "OrderedDict", id="OrderedDict"),
        pytest.param({"s": {object()}}, "s", "set", id="inside a set"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(
    serializer: PickleSerializer, value: Any, path: str, kind: str
) -> None:
    with pytest.raises(EncodeError) as caught:
        serializer.dumps(value)
    assert caught.value.path == path
    assert str(caught.value) == f"{path} is a {kind}, which is not allowed in a pickled session"


def test_data_nested_too_deeply_is_not_written(serializer: PickleSerializer) -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(EncodeError, match="nested too deeply"):
        serializer.dumps({"deep": value})


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"]K\x05aK\x00K\x07s.", id="an item of a dict into a list"),
        pytest.param(b"]K\x05a(K\x00K\x07u.", id="items of a dict into a list"),
        pytest.param(b"cdatetime\ntimedelta\n]K\x01aR.", id="a list for arguments"),
    ],
)
def test_what_goes_into_another_kind_than_its_own_is_refused(payload: bytes) -> None:
    # Python itself puts up with the first two.
    with pytest.raises(PickleError):
        loads(payload)


@pytest.mark.parametrize("number", [-1, 2**128])
def test_a_uuid_has_128_bits(number: int) -> None:
    def pickled(number: int) -> bytes:
        return b"\x80\x02cuuid\nUUID\n)\x81}Vint\nI" + str(number).encode() + b"\nsb."

    assert loads(pickled(2**128 - 1)) == UUID(int=2**128 - 1)
    with pytest.raises(PickleError):
        loads(pickled(number))
