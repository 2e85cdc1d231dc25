"""What two requests have changed at once, put together: no database, no session."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_dj_session.errors import MergeError
from flask_dj_session.merging import (
    MERGERS,
    MISSING,
    AnotherSessionError,
    Merger,
    add,
    append,
    merge,
    union,
)

ANN = {"_auth_user_id": "1", "_auth_user_backend": "model", "_auth_user_hash": "a"}
BOB = {"_auth_user_id": "2", "_auth_user_backend": "model", "_auth_user_hash": "b"}


def merged(loaded: Any, theirs: Any, ours: Any, **mergers: Merger) -> dict[str, Any]:
    return merge(loaded, theirs, ours, {**MERGERS, **mergers}, lambda name, value: repr(value))


def test_items_that_one_of_the_two_has_changed_are_kept() -> None:
    assert merged({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 2}) == {"a": 2, "b": 2}


def test_items_that_one_of_the_two_has_deleted_are_gone() -> None:
    assert merged({"a": 1, "b": 1, "c": 1}, {"b": 1, "c": 1}, {"a": 1, "c": 1}) == {"c": 1}


def test_an_item_that_both_have_changed_is_this_requests_own_as_in_django() -> None:
    assert merged({"a": 1}, {"a": 2}, {"a": 3}) == {"a": 3}
    assert merged({"a": 1}, {"a": 2}, {}) == {}
    assert merged({"a": 1}, {}, {"a": 3}) == {"a": 3}


def test_a_merger_is_called_only_where_both_have_changed_the_item() -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError

    assert merged({"n": 1}, {"n": 2}, {"n": 1}, n=refuse) == {"n": 2}
    assert merged({"n": 1}, {"n": 1}, {"n": 2}, n=refuse) == {"n": 2}


def test_a_merger_is_called_also_where_both_have_made_the_same_change() -> None:
    assert merged({"n": 1}, {"n": 2}, {"n": 2}, n=add) == {"n": 3}


def test_a_merger_is_told_what_is_missing_and_can_remove_the_item() -> None:
    seen = []

    def remember(*values: Any) -> Any:
        seen.append(values)
        return MISSING

    assert merged({"n": 1}, {"n": 2}, {}, n=remember) == {}
    assert merged({}, {"n": 2}, {"n": 3}, n=remember) == {}
    assert seen == [(1, 2, MISSING), (MISSING, 2, 3)]


def test_a_merger_that_fails_is_named_without_the_values() -> None:
    with pytest.raises(MergeError, match="item 'n' failed with TypeError") as raised:
        merged({"n": 1}, {"n": 2}, {"n": "a secret"}, n=add)
    assert "secret" not in str(raised.value)


def test_missing_is_false_and_one_also_after_a_copy() -> None:
    assert not MISSING
    assert repr(MISSING) == "MISSING"
    assert copy.deepcopy(MISSING) is MISSING
    assert pickle.loads(pickle.dumps(MISSING)) is MISSING


@given(st.integers(), st.lists(st.integers(), max_size=6))
def test_add_is_exact_in_whatever_order_they_come(start: int, steps: list[int]) -> None:
    stored = start
    for step in steps:
        stored = add(start, stored, start + step)
    assert stored == start + sum(steps)


@pytest.mark.parametrize(
    ("loaded", "theirs", "ours", "sum_"),
    [
        pytest.param(MISSING, 1, 1, 2, id="both-begin"),
        pytest.param(5, MISSING, 6, 1, id="theirs-begins-anew"),
        pytest.param(5, 6, MISSING, 1, id="ours-begins-anew"),
        pytest.param(5, MISSING, MISSING, MISSING, id="both-begin-anew"),
        pytest.param(1.5, 2.5, 3.5, 4.5, id="not-whole"),
    ],
)
def test_add_counts_from_nothing_where_there_is_no_number(
    loaded: Any, theirs: Any, ours: Any, sum_: Any
) -> None:
    assert add(loaded, theirs, ours) == sum_


@pytest.mark.parametrize(
    ("loaded", "theirs", "ours", "together"),
    [
        pytest.param(["a"], ["a", "b"], ["a", "c"], ["a", "b", "c"], id="both-append"),
        pytest.param(["a", "b"], ["b"], ["a", "b", "c"], ["b", "c"], id="theirs-removes"),
        pytest.param(["a", "b"], ["a", "b", "c"], ["b"], ["b", "c"], id="ours-removes"),
        pytest.param(MISSING, ["a"], ["a"], ["a", "a"], id="the-same-twice"),
        pytest.param(["a"], ["a", "b"], MISSING, ["b"], id="ours-takes-all"),
        pytest.param(["a"], MISSING, MISSING, MISSING, id="both-take-all"),
        pytest.param(["a"], [], [], [], id="both-empty-it"),
        pytest.param([1], [1], [1, True], [1, True], id="true-is-not-one"),
        pytest.param([[1, 2]], [[1, 2]], [(1, 2), {"b": 1}], [[1, 2], {"b": 1}], id="tuples"),
        pytest.param(
            [{"1": 0, "a": 0}],
            [{"1": 0, "a": 0}, "x"],
            [{1: 0, "a": 0}, {None: 1, "b": 1}],
            [{"1": 0, "a": 0}, "x", {None: 1, "b": 1}],
            id="names of several types",
        ),
    ],
)
def test_append_keeps_what_both_have_appended_and_removed(
    loaded: Any, theirs: Any, ours: Any, together: Any
) -> None:
    assert append(loaded, theirs, ours) == together


def test_union_has_each_value_once_in_the_order_of_their_coming() -> None:
    assert union(["a"], ["a", "b"], ["a", "b", "c"]) == ["a", "b", "c"]
    assert union([], ["b", "a"], ["a", "c"]) == ["b", "a", "c"]
    assert union(["a"], MISSING, MISSING) is MISSING


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abcd")))
def test_what_only_one_has_changed_is_kept_by_append(before: list[str], after: list[str]) -> None:
    assert sorted(append(before, before, after)) == sorted(after)
    assert append(before, after, before) == after


def test_the_messages_of_both_are_kept() -> None:
    one, two, three = ["info", "one"], ["info", "two"], ["info", "three"]
    assert merged({"_flashes": [one]}, {"_flashes": [one, two]}, {"_flashes": [one, three]}) == {
        "_flashes": [one, two, three]
    }
    # Ours has shown the first.
    assert merged({"_flashes": [one]}, {"_flashes": [one, two]}, {}) == {"_flashes": [two]}


def test_the_messages_of_django_are_kept_and_written_as_django_writes_them() -> None:
    one, two = '["__json_message", 0, 20, "one"]', '["__json_message", 0, 25, "two", "x"]'
    both = merged({}, {"_messages": f"[{one}]"}, {"_messages": f"[{two}]"})
    assert both == {"_messages": f"[{one}, {two}]"}
    assert merged({"_messages": f"[{one}]"}, {"_messages": "[]"}, {}) == {}


@pytest.mark.parametrize("odd", ["no json", 7, {"a": 1}, "7", "[" * 9999 + "]" * 9999])
def test_what_is_not_a_list_of_messages_is_this_requests_own(odd: Any) -> None:
    for name in MERGERS:
        assert merged({}, {name: odd}, {name: odd})[name] == odd
    assert merged({"_flashes": odd}, {"_flashes": []}, {"_flashes": ["m"]}) == {"_flashes": ["m"]}


def test_a_login_moves_as_one() -> None:
    old = {**ANN, "_auth_user_hash": "old"}
    both = merged({**old, "cart": 1}, {**old, "cart": 2}, {**ANN, "cart": 1})
    assert both == {**ANN, "cart": 2}
    times = {"_auth_login_time": 1, "_auth_seen_time": 1}
    assert merged({**old, **times}, {**old, **times, "cart": 2}, ANN) == {**ANN, "cart": 2}
    half = {"_auth_user_id": "1", "_auth_user_hash": "a"}
    assert merged(ANN, {**ANN, "cart": 2}, half) == {**half, "cart": 2}


@pytest.mark.parametrize(
    ("loaded", "theirs", "ours"),
    [
        pytest.param(ANN, {}, {**ANN, "cart": 1}, id="they-logged-out"),
        pytest.param(ANN, BOB, {**ANN, "cart": 1}, id="they-logged-another-in"),
        pytest.param({}, BOB, ANN, id="both-logged-in"),
        pytest.param(ANN, BOB, {}, id="ours-logged-out"),
    ],
)
def test_nothing_is_merged_with_the_session_of_another_login(
    loaded: Any, theirs: Any, ours: Any
) -> None:
    with pytest.raises(AnotherSessionError):
        merged(loaded, theirs, ours)


@pytest.mark.parametrize(
    ("loaded", "theirs", "ours", "together"),
    [
        pytest.param(ANN, {**ANN, "a": 1}, {"b": 1}, {"b": 1}, id="a-logout-wins"),
        pytest.param(ANN, {**ANN, "a": 1}, BOB, BOB, id="another-user"),
        pytest.param(ANN, {"a": 1}, {"b": 1}, {"b": 1}, id="both-logged-out"),
        pytest.param({}, {**ANN, "a": 1}, {"b": 1}, {**ANN, "a": 1, "b": 1}, id="they-logged-in"),
        pytest.param({}, {"a": 1}, {**ANN, "b": 1}, {**ANN, "a": 1, "b": 1}, id="ours-logged-in"),
        pytest.param({}, {**ANN, "a": 1}, ANN, {**ANN, "a": 1}, id="both-logged-the-same-in"),
    ],
)
def test_a_visitor_who_logs_in_takes_things_along_and_leaves_nothing_behind(
    loaded: Any, theirs: Any, ours: Any, together: Any
) -> None:
    assert merged(loaded, theirs, ours) == together


_DATA = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2))


@given(_DATA, _DATA)
def test_with_nobody_in_between_the_data_is_this_requests_own(loaded: Any, ours: Any) -> None:
    assert merged(loaded, loaded, ours) == ours


@given(_DATA, _DATA)
def test_a_request_that_changes_nothing_keeps_what_is_stored(loaded: Any, theirs: Any) -> None:
    assert merged(loaded, theirs, loaded) == theirs


@given(_DATA, _DATA, _DATA)
def test_whoever_is_first_items_of_one_alone_are_kept(loaded: Any, theirs: Any, ours: Any) -> None:
    together, other_way = merged(loaded, theirs, ours), merged(loaded, ours, theirs)
    for name in "abc":
        if loaded.get(name) in (theirs.get(name), ours.get(name)):
            assert together.get(name) == other_way.get(name)
