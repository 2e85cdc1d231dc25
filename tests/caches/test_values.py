"""What is in an entry: as Django and django-redis write it, and nothing that is not data."""

from __future__ import annotations

import datetime
import decimal
import gzip
import lzma
import os
import pickle
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django_redis.client.default import DefaultClient

from flask_dj_session.caches.values import Pickles
from flask_dj_session.errors import CacheValueError, SettingError
from flask_dj_session.wire import MAX_UNPACKED

from .conftest import KINDS, Caches, cache_of, put

DATA: dict[str, Any] = {"num_visits": 1, "cart": {"a": [1, 2.5, None, True]}, "name": "é" * 200}
SERIALIZERS = ["pickle.PickleSerializer", "json.JSONSerializer", "msgpack.MSGPackSerializer"]
COMPRESSORS = [
    "identity.IdentityCompressor",
    "zlib.ZlibCompressor",
    "gzip.GzipCompressor",
    "lzma.LzmaCompressor",
    "lz4.Lz4Compressor",
    "zstd.ZStdCompressor",
]


class _Bomb:
    def __reduce__(self) -> Any:
        return os.system, ("true",)


def _caches(kind: str = "redis", **entry: Any) -> Caches:
    return {"default": {**KINDS[kind], "LOCATION": "redis://nowhere.invalid/", **entry}}


def _of_django_redis(**options: Any) -> Any:
    return cache_of(_caches("django_redis", OPTIONS=options)).values


class _Backend:
    """What django-redis asks of the cache that it is part of."""

    default_timeout = 300


@pytest.mark.parametrize("compressor", COMPRESSORS)
@pytest.mark.parametrize("serializer", SERIALIZERS)
@pytest.mark.parametrize("data", [DATA, {"n": 1}, {}], ids=["long", "short", "empty"])
def test_django_redis_reads_what_is_written_and_the_other_way_round(
    serializer: str, compressor: str, data: dict[str, Any]
) -> None:
    for package in ("msgpack", "lz4", "pyzstd"):
        if package[:3] in (serializer + compressor).lower().replace("zstd", "pyz"):
            pytest.importorskip(package)
    options = {
        "SERIALIZER": f"django_redis.serializers.{serializer}",
        "COMPRESSOR": f"django_redis.compressors.{compressor}",
    }
    theirs: Any = DefaultClient("redis://nowhere.invalid/", {"OPTIONS": options}, _Backend())
    ours = _of_django_redis(**options)
    assert ours.loads(theirs.encode(data)) == data
    assert theirs.decode(ours.dumps(data)) == data


def test_the_protocol_is_that_of_the_options() -> None:
    assert _of_django_redis(PICKLE_VERSION=2).dumps({"a": 1})[:2] == b"\x80\x02"
    assert cache_of(_caches()).values.dumps({"a": 1}) == pickle.dumps({"a": 1}, 5)


def test_dates_and_decimals_are_read_and_written() -> None:
    data = {"at": datetime.datetime(2026, 11, 23), "price": decimal.Decimal("1.5"), "t": (1, 2)}
    values = Pickles()
    assert values.loads(pickle.dumps(data)) == data
    assert pickle.loads(values.dumps(data)) == data


@pytest.mark.parametrize(
    "raw",
    [
        pickle.dumps({"a": _Bomb()}),
        pickle.dumps([1]),
        pickle.dumps(None),
        pickle.dumps({"a": 1})[:-3],
        b"",
        b"5",
        5,
        "text",
        b"\x80\x05" + b"(" * 10_000,
        pickle.dumps({"a": "x" * (MAX_UNPACKED + 1)}),
    ],
    ids=["code", "list", "none", "cut off", "empty", "int", "number", "text", "marks", "long"],
)
def test_what_is_no_data_of_a_session_is_not_read(raw: Any) -> None:
    with pytest.raises(CacheValueError):
        Pickles().loads(raw)


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("zlib.ZlibCompressor", zlib.compress),
        ("gzip.GzipCompressor", gzip.compress),
        ("lzma.LzmaCompressor", lzma.compress),
    ],
)
def test_what_unpacks_to_too_much_is_not_read(name: str, compress: Any) -> None:
    values = _of_django_redis(COMPRESSOR=f"django_redis.compressors.{name}")
    with pytest.raises(CacheValueError):
        values.loads(compress(pickle.dumps({"a": b"x" * (MAX_UNPACKED + 100)})))


def test_an_object_of_the_sites_own_is_not_written() -> None:
    with pytest.raises(CacheValueError):
        Pickles().dumps({"a": _Bomb()})


@pytest.mark.parametrize(
    ("kind", "entry", "said"),
    [
        ("redis", {"OPTIONS": {"serializer": "my.Own"}}, "serializer that is not Django's own"),
        ("redis", {"OPTIONS": {"pool_class": "my.Own"}}, "'my.Own', which cannot be imported"),
        ("redis", {"KEY_FUNCTION": "my.own"}, "KEY_FUNCTION 'my.own', which cannot be imported"),
        ("redis", {"LOCATION": ""}, "no LOCATION"),
        ("redis", {"LOCATION": 6379}, "no LOCATION"),
        ("file", {"LOCATION": None}, "no LOCATION"),
        ("redis", {"BACKEND": "my.Cache"}, "'my.Cache', of which this package knows nothing"),
        ("redis", {"OPTIONS": "no"}, "OPTIONS that is no dict"),
        (
            "redis",
            {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
            "which each process has for itself",
        ),
        (
            "memcached",
            {
                "BACKEND": "django.core.cache.backends.memcached.PyLibMCCache",
                "LOCATION": ["a:1", "b:1"],
            },
            "'PyLibMCCache' with several servers",
        ),
        ("bmemcached", {"LOCATION": "a:1,b:1"}, "'BMemcached' with several servers"),
        (
            "bmemcached",
            {"OPTIONS": {"compression": "my"}},
            "option 'compression', which makes other",
        ),
        ("bmemcached", {"OPTIONS": {"pickler": "my.Own"}}, "the option 'pickler'"),
        ("bmemcached", {"OPTIONS": {"unpickler": "my.Own"}}, "the option 'unpickler'"),
        ("bmemcached", {"OPTIONS": {"username": "ann", "password": "hush"}}, "a user for Mem"),
        (
            "memcached",
            {
                "BACKEND": "django.core.cache.backends.memcached.PyLibMCCache",
                "OPTIONS": {"binary": True, "username": "ann", "password": "hush"},
            },
            "a user for Memcached (SASL), which pymemcache cannot name",
        ),
        ("memcached", {"OPTIONS": {"serde": 1}}, "a serde that is not Django's own"),
        (
            "django_redis",
            {"OPTIONS": {"CLIENT_CLASS": "django_redis.client.HerdClient"}},
            "HerdClient', whose entries are others",
        ),
        ("django_redis", {"OPTIONS": {"SERIALIZER": "my.Own"}}, "the SERIALIZER 'my.Own'"),
        ("django_redis", {"OPTIONS": {"COMPRESSOR": "my.Own"}}, "the COMPRESSOR 'my.Own'"),
        ("django_redis", {"OPTIONS": {"CONNECTION_FACTORY": "my.Own"}}, "of the site's own"),
    ],
)
def test_what_cannot_be_served_is_refused_at_the_start(
    kind: str, entry: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingError, match=r"^'CACHES' has under 'default' .+\. [A-Z]") as caught:
        cache_of(_caches(kind, **entry))
    assert said in str(caught.value)


def test_a_folder_may_be_a_path_as_in_django(tmp_path: Path) -> None:
    for location in (tmp_path / "cache", str(tmp_path / "cache")):
        cache = cache_of(_caches("file", LOCATION=location))
        put(cache.guarded.client, "a", b"1")
        (file,) = (tmp_path / "cache").iterdir()
        file.unlink()


def test_bmemcached_has_a_protocol_and_a_timeout_of_its_own() -> None:
    made = cache_of(_caches("bmemcached", OPTIONS={"pickle_protocol": 4, "socket_timeout": 7}))
    assert made.values.dumps({"a": 1}).startswith(b"\x80\x04")
    assert made.guarded.client._options["timeout"] == 7  # type: ignore[attr-defined]
    usual = cache_of(_caches("bmemcached", OPTIONS={"username": None, "compression": None}))
    assert usual.values.dumps({"a": 1}) == pickle.dumps({"a": 1}, 0)


def test_an_alias_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingError, match="'SESSION_CACHE_ALIAS' is 'other'"):
        cache_of(_caches(), SESSION_CACHE_ALIAS="other")


def test_a_name_has_prefix_version_and_store_class() -> None:
    names = cache_of(_caches(KEY_PREFIX="shop", VERSION=2)).names
    assert names.of("k" * 32) == "shop:2:django.contrib.sessions.cached_db" + "k" * 32
    assert names.pattern == "shop:2:django.contrib.sessions.cached_db"


def own_names(key: str, key_prefix: str, version: Any) -> str:
    return f"{version}/{key_prefix}/{key}"


@pytest.mark.parametrize("function", [own_names, f"{__name__}.own_names"], ids=["itself", "name"])
def test_a_key_function_makes_the_names(function: Any) -> None:
    names = cache_of(_caches(KEY_PREFIX="shop", KEY_FUNCTION=function)).names
    assert names.of("k") == "1/shop/django.contrib.sessions.cached_dbk"
    assert names.pattern is None


def test_a_file_whose_end_is_moved_takes_no_younger_ones_place(tmp_path: Path) -> None:
    client = cache_of({"default": {**KINDS["file"], "LOCATION": str(tmp_path)}}).guarded.client
    put(client, "name", b"first")
    is_over = threading.Event()

    def touch() -> None:
        while not is_over.is_set():
            assert client.touch("name", 600)
            time.sleep(0)  # where threads are greenlets, nobody else runs otherwise

    with ThreadPoolExecutor(1) as pool:
        touching = pool.submit(touch)
        try:
            for number in range(200):
                put(client, "name", b"%d" % number)
                assert client.get("name") == b"%d" % number
        finally:
            is_over.set()
        touching.result()


def test_the_end_of_a_file_without_one_can_be_moved(tmp_path: Path) -> None:
    client = cache_of({"default": {**KINDS["file"], "LOCATION": str(tmp_path)}}).guarded.client
    put(client, "name", b"value")
    (path,) = tmp_path.iterdir()
    path.write_bytes(pickle.dumps(None, pickle.HIGHEST_PROTOCOL) + zlib.compress(b"value"))
    assert client.seconds_left("name") is None
    assert client.touch("name", 60)
    assert 50 < client.seconds_left("name") <= 60  # type: ignore[operator]
    assert client.get("name") == b"value"
    assert not client.touch("other", 60)
