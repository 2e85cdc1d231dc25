"""What the visitor does where both sides have a cache: believed, emptied, stopped, full."""

from __future__ import annotations

import time

from flask_dj_session.caches.guarded import REST
from flask_dj_session.errors import CacheDownError

from . import login, scenarios
from .cache_servers import MemcachedServer, RedisServer
from .scenarios import DATA, DisagreementError, Meeting, Scenario, Side, expect, new_session

#: more than an entry of Memcached holds
LARGE = "x" * 2_000_000


def _count(side: Side, key: str, number: int, when: str) -> None:
    answer = side.visit("add", key)
    expect(f"the count on {side.name} {when}", answer["body"], str(number))


def an_entry_is_believed(meeting: Meeting) -> None:
    """What one side put into the cache the other takes from there: the row is not asked."""
    for writer, reader in meeting.both_ways():
        key = new_session(writer, data=DATA)
        meeting.database.delete_row(key)
        for side in (reader, writer):
            expect(f"what {side.name} loads", side.load(key)["data"], DATA)


def a_read_fills_the_cache_for_both(meeting: Meeting) -> None:
    """After the cache was emptied, what one side has read is there for the other."""
    for first, then in meeting.both_ways():
        key = new_session(first, data=DATA)
        _cache(meeting).empty()
        expect(f"what {first.name} loads", first.load(key)["data"], DATA)
        meeting.database.delete_row(key)
        expect(f"what {then.name} loads", then.load(key)["data"], DATA)


def entries_end_at_the_same_time(meeting: Meeting) -> None:
    """So long the entry stays, whatever the age of the session is."""
    place = _cache(meeting)
    assert isinstance(place, RedisServer)
    for seconds in (None, 3600, 0, 12_345_678):
        left = {}
        for side, _ in meeting.both_ways():
            given = {} if seconds is None else {"seconds": seconds}
            key = new_session(side, "store" if seconds is None else "expire", **given)
            left[side.name] = place.seconds_left(key)
        if abs(left["Flask"] - left["Django"]) > 20:
            raise DisagreementError(f"an entry stays {left}, with set_expiry({seconds})")


def what_was_ended_is_not_saved_again(meeting: Meeting) -> None:
    """One side ends a session while a request of the other has it."""
    for holder, ender in meeting.both_ways():
        key = new_session(holder)
        holder.hold(key)
        ender.visit("flush", key)
        expect(f"whether {holder.name} saved it", holder.save_held(), {"saved": False})
        for side in (holder, ender):
            expect(f"what {side.name} loads", side.load(key)["data"], {})


def what_is_held_is_saved(meeting: Meeting) -> None:
    """As above, but nobody ends it."""
    for holder, other in meeting.both_ways():
        key = new_session(holder)
        holder.hold(key)
        expect(f"whether {holder.name} saved it", holder.save_held(), {"saved": True})
        expect(f"what {other.name} loads", other.load(key)["data"].get("held"), True)


def an_emptied_cache_loses_nothing(meeting: Meeting) -> None:
    """The table serves, and the count goes on to and fro."""
    for first, then in meeting.both_ways():
        key = new_session(first)
        for number in (1, 3, 5):
            _count(first, key, number, "before")
            _cache(meeting).empty()
            _count(then, key, number + 1, "after the cache was emptied")


def an_emptied_cache_ends_all(meeting: Meeting) -> None:
    """Where sessions are in the cache alone, each side begins a new one, under a new key."""
    for side, _ in meeting.both_ways():
        keys = [new_session(one) for one in (meeting.django, meeting.flask)]
        _cache(meeting).empty()
        for key in keys:
            answer = side.visit("add", key)
            expect(f"the count on {side.name}", answer["body"], "1")
            expect(f"{side.name} adopts the key", answer["key"] in (None, key), False)


def a_restarted_cache_loses_nothing(meeting: Meeting) -> None:
    """The connections that both sides had are gone, and so are the entries."""
    for first, then in meeting.both_ways():
        key = new_session(first)
        _count(first, key, 1, "before")
        _restart(meeting)
        for number in (2, 4):
            _count(then, key, number, "after a restart")
            _count(first, key, number + 1, "after a restart")


def a_cache_that_is_down_loses_nothing(meeting: Meeting) -> None:
    """The table serves; on Django's side only where django-redis ignores the errors."""
    key = new_session(meeting.django)
    _count(meeting.flask, key, 1, "before")
    _cache(meeting).stop()
    try:
        number = 1
        for _ in range(2):
            for side in _serving(meeting):
                number += 1
                _count(side, key, number, "while the cache is down")
        ended = new_session(meeting.flask)
        meeting.flask.visit("flush", ended)
    finally:
        _cache(meeting).start()
    time.sleep(REST)  # so long the app leaves a cache in peace that has failed
    for side in (meeting.flask, meeting.django):
        expect(f"what {side.name} loads of what was ended", side.load(ended)["data"], {})
        number += 1
        _count(side, key, number, "when the cache is there again")


def a_cache_that_is_down_is_an_error(meeting: Meeting) -> None:
    """Where sessions are in the cache alone, the app says so, and no cookie is deleted."""
    key = new_session(meeting.flask)
    _cache(meeting).stop()
    try:
        answer = meeting.flask.visit("add", key)
        raise DisagreementError(f"Flask answers {answer['status']} without a cache")
    except CacheDownError:
        pass
    finally:
        _cache(meeting).start()
    time.sleep(REST)
    for side, other in meeting.both_ways():
        key = new_session(side)
        _count(other, key, 1, "when the cache is there again")


def a_full_cache_loses_nothing(meeting: Meeting) -> None:
    """What the cache refuses is in the table, and nothing older is believed."""
    place = _cache(meeting)
    assert isinstance(place, RedisServer)
    key = new_session(meeting.django)
    _count(meeting.flask, key, 1, "before")
    with place.full():
        for number in (2, 3):
            _count(meeting.flask, key, number, "while the cache is full")
        late = new_session(meeting.flask, data=DATA)
        for side in _serving(meeting):
            expect(f"what {side.name} loads", side.load(key)["data"]["n"], 3)
            expect(f"what {side.name} loads of a new one", side.load(late)["data"], DATA)
    _count(meeting.django, key, 4, "when there is room again")
    _count(meeting.flask, key, 5, "when there is room again")


def what_is_too_large_is_in_the_table(meeting: Meeting) -> None:
    """An entry that the cache refuses is gone, not older than its row; Django has errors then."""
    key = new_session(meeting.django)
    expect("what Flask loads", meeting.flask.load(key)["data"], {"begun": "Django"})
    meeting.flask.visit("store", key, data={"item": LARGE})
    expect("its length", len(meeting.flask.load(key)["data"]["item"]), len(LARGE))
    meeting.flask.visit("store", key, data={"item": "small"})
    for side in (meeting.django, meeting.flask):
        found = side.load(key)["data"]
        expect(f"what {side.name} loads", found, {"begun": "Django", "item": "small"})


def _cache(meeting: Meeting) -> scenarios.Cache:
    assert meeting.cache is not None
    return meeting.cache


def _serving(meeting: Meeting) -> list[Side]:
    """Return who serves from the table where the cache fails: a Django's load is an error then."""
    return [meeting.django, meeting.flask] if meeting.django_ignores_cache else [meeting.flask]


def _restart(meeting: Meeting) -> None:
    _cache(meeting).stop()
    _cache(meeting).start()


# Which of them


#: what looks into rows, or changes them behind the cache's back
_OF_ROWS = (
    scenarios.expiry_is_equal,
    scenarios.dates_are_equal,
    scenarios.spans_are_equal,
    scenarios.cleared_rows_are_the_same,
)
_BEHIND_THE_CACHE = (
    scenarios.forged_rows_are_empty,
    scenarios.damaged_rows_are_empty,
    scenarios.fallback_keys_are_read,
    scenarios.nothing_is_lost_at_once,
    scenarios.the_tables_are_the_same,
    scenarios.a_recorded_migration_is_not_run_again,
)


def cache_scenarios_for(meeting: Meeting) -> list[Scenario]:
    """Return the scenarios that both can take part in with this cache."""
    is_redis = isinstance(meeting.cache, RedisServer)
    left_out = {*_BEHIND_THE_CACHE, *(() if meeting.has_table else _OF_ROWS)}
    to_and_fro = [*login.login_scenarios_for(meeting), *scenarios.scenarios_for(meeting)]
    chosen = [scenario for scenario in to_and_fro if scenario not in left_out]
    chosen += [what_was_ended_is_not_saved_again, what_is_held_is_saved]
    if is_redis:
        chosen.append(entries_end_at_the_same_time)
    if not meeting.has_table:
        chosen += [scenarios.objects_are_equal, an_emptied_cache_ends_all]
        return chosen + ([a_cache_that_is_down_is_an_error] if is_redis else [])
    chosen += [an_entry_is_believed, a_read_fills_the_cache_for_both]
    chosen += [an_emptied_cache_loses_nothing]
    if is_redis:
        chosen += [a_restarted_cache_loses_nothing, a_cache_that_is_down_loses_nothing]
        chosen.append(a_full_cache_loses_nothing)
    if isinstance(meeting.cache, MemcachedServer):
        chosen.append(what_is_too_large_is_in_the_table)
    return chosen
