"""django-redis: its options, serializers and compressors, as far as settings name them."""

from __future__ import annotations

import json
import pickle
from typing import Any

from ..errors import CacheValueError
from ..settings import CacheEntry
from .compressors import COMPRESSORS, Compressor
from .imports import imported, library, refusal
from .pools import with_timeouts
from .redis import RedisClient
from .values import Pickles, Values, check_length, checked

_PLAIN_CLIENT = "django_redis.client.DefaultClient"
_SENTINEL_CLIENT = "django_redis.client.SentinelClient"
_SENTINEL_FACTORY = "django_redis.pool.SentinelConnectionFactory"
_FACTORIES = (None, "django_redis.pool.ConnectionFactory", _SENTINEL_FACTORY)
_SERIALIZERS = "django_redis.serializers."
_COMPRESSORS = "django_redis.compressors."


def django_redis_client(entry: CacheEntry) -> RedisClient:
    """Return the client of an entry of django-redis.

    :raises SettingError: for options that cannot be served, and for a missing package.

    # django-redis 6.0, pool.py: ConnectionFactory
    """
    options = entry.options
    client = options.get("CLIENT_CLASS", _PLAIN_CLIENT)
    if client not in (_PLAIN_CLIENT, _SENTINEL_CLIENT):
        raise refusal(entry, "OPTIONS", f"the CLIENT_CLASS {client!r}, whose entries are others")
    if options.get("CONNECTION_FACTORY") not in _FACTORIES:
        raise refusal(entry, "OPTIONS", "a CONNECTION_FACTORY of the site's own")
    redis = library(entry, "redis")
    kind = imported(entry, "REDIS_CLIENT_CLASS", options.get("REDIS_CLIENT_CLASS")) or redis.Redis

    def connect() -> Any:
        pool = _pool(entry, redis, entry.locations[0])
        return kind(connection_pool=pool, **options.get("REDIS_CLIENT_KWARGS", {}))

    return RedisClient(connect, milliseconds=True)


def _pool(entry: CacheEntry, redis: Any, url: str) -> Any:
    options = entry.options
    given = _connection_options(entry)
    named = options.get("CONNECTION_POOL_CLASS")
    if options.get("CONNECTION_FACTORY") == _SENTINEL_FACTORY:
        given |= _sentinel_options(entry, redis, url)
        named = named or "redis.sentinel.SentinelConnectionPool"
        url = url.partition("?")[0]
    kind = imported(entry, "CONNECTION_POOL_CLASS", named) or redis.ConnectionPool
    return kind.from_url(url, **with_timeouts(url, given))


def _connection_options(entry: CacheEntry) -> dict[str, Any]:
    options = entry.options
    names = ("USERNAME", "PASSWORD", "SOCKET_TIMEOUT", "SOCKET_CONNECT_TIMEOUT")
    given = {name.lower(): options[name] for name in names if options.get(name)}
    if parser := imported(entry, "PARSER_CLASS", options.get("PARSER_CLASS")):
        given["parser_class"] = parser
    return {**given, **options.get("CONNECTION_POOL_KWARGS", {})}


def _sentinel_options(entry: CacheEntry, redis: Any, url: str) -> dict[str, Any]:
    sentinels = [tuple(one) for one in entry.options.get("SENTINELS") or ()]
    if not sentinels:
        raise refusal(entry, "OPTIONS", "no SENTINELS")
    library(entry, "redis.sentinel")
    sentinel = redis.sentinel.Sentinel(
        sentinels,
        sentinel_kwargs=entry.options.get("SENTINEL_KWARGS"),
        **with_timeouts(url, _connection_options(entry)),
    )
    is_master = "is_master=0" not in url and "is_master=false" not in url.lower()
    name = url.partition("://")[2].rpartition("@")[2].partition("/")[0].partition(":")[0]
    return {"service_name": name, "sentinel_manager": sentinel, "is_master": is_master}


def django_redis_values(entry: CacheEntry) -> Values:
    """Return how django-redis writes values with the options of an entry.

    :raises SettingError: for a serializer or a compressor that is not django-redis's own.
    """
    serializer = _part(entry, "SERIALIZER", _SERIALIZERS, "pickle.PickleSerializer")
    compressor = _part(entry, "COMPRESSOR", _COMPRESSORS, "identity.IdentityCompressor")
    if serializer not in _MAKERS:
        raise refusal(entry, "OPTIONS", f"the SERIALIZER {serializer!r}")
    if compressor not in COMPRESSORS:
        raise refusal(entry, "OPTIONS", f"the COMPRESSOR {compressor!r}")
    values: Values = _MAKERS[serializer](entry)
    kind = COMPRESSORS[compressor]
    if kind is None:
        return values
    if kind.library:
        library(entry, kind.library)
    return _Compressed(values, kind())


def _part(entry: CacheEntry, option: str, folder: str, default: str) -> str:
    given = entry.options.get(option, folder + default)
    return given.removeprefix(folder) if isinstance(given, str) else repr(given)


def _pickles(entry: CacheEntry) -> Values:
    return Pickles(int(entry.options.get("PICKLE_VERSION", pickle.DEFAULT_PROTOCOL)))


class _JSON:
    """What JSON has no words for is not in a row either, unless that is a pickle."""

    def dumps(self, data: dict[str, Any]) -> bytes:
        try:
            return json.dumps(data).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise CacheValueError("cannot be written as JSON") from error

    def loads(self, raw: Any) -> dict[str, Any]:
        check_length(raw)
        try:
            return checked(json.loads(raw))
        except (ValueError, RecursionError) as error:
            raise CacheValueError("is no JSON") from error


class _MessagePack:
    """MessagePack, whose reader takes no more than it is given and builds plain values."""

    def __init__(self, msgpack: Any) -> None:
        self._msgpack = msgpack

    def dumps(self, data: dict[str, Any]) -> bytes:
        try:
            packed: bytes = self._msgpack.dumps(data)
        except (TypeError, ValueError, OverflowError) as error:
            raise CacheValueError("cannot be written as MessagePack") from error
        return packed

    def loads(self, raw: Any) -> dict[str, Any]:
        check_length(raw)
        try:
            return checked(self._msgpack.loads(raw, raw=False))
        except Exception as error:  # whatever the package makes of a damaged one
            raise CacheValueError("is no MessagePack") from error


class _Compressed:
    """Values that are compressed; small ones are not, and nothing tells which these are."""

    def __init__(self, values: Values, compressor: Compressor) -> None:
        self._values = values
        self._compressor = compressor

    def dumps(self, data: dict[str, Any]) -> bytes:
        value = self._values.dumps(data)
        is_long = len(value) > self._compressor.min_length
        return self._compressor.compress(value) if is_long else value

    def loads(self, raw: Any) -> dict[str, Any]:
        check_length(raw)
        unpacked = self._compressor.decompress(raw)
        return self._values.loads(raw if unpacked is None else unpacked)


_MAKERS: dict[str, Any] = {
    "pickle.PickleSerializer": _pickles,
    "json.JSONSerializer": lambda _entry: _JSON(),
    "msgpack.MSGPackSerializer": lambda entry: _MessagePack(library(entry, "msgpack")),
}
