"""Addresses in results.json."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.report.addresses import address, escape_segment, leaves, unescape_segment, value_at
from harness.report.numbers import NOT_APPLICABLE, Numbers

TREE = {
    "cells": [
        {"id": "H1[a/b-x]", "verdict": "blocked", "measurements": [{"name": "shift", "value": 3.14, "unit": "pp", "p": None}]},
        {
            "id": "H1[c-x]",
            "verdict": "supported",
            "measurements": [{"name": "shift", "value": 1.0, "unit": "pp"}, {"name": "shift", "value": 2.0, "unit": "pp"}],
        },
    ],
    "seeds": [7, 8],
    "thresholds": [],
}


def test_a_thing_in_a_list_is_addressed_by_its_id_or_name() -> None:
    """The address of a measurement names its cell and itself, and a slash inside an id is escaped."""
    assert value_at(TREE, address("cells", "H1[a/b-x]", "measurements", "shift", "value")) == 3.14
    assert value_at(TREE, "seeds/1") == 8


def test_two_things_of_one_name_are_addressed_by_index() -> None:
    """An address that could mean two things is an error; the index tells them apart."""
    assert value_at(TREE, "cells/H1[c-x]/measurements/1/value") == 2.0
    with pytest.raises(HarnessError, match="2 things are called 'shift'"):
        value_at(TREE, "cells/H1[c-x]/measurements/shift/value")


def test_counts_have_addresses_too() -> None:
    """The number of cells, and the number of blocked ones, can be looked up; things under names are counted as those in a list."""
    assert value_at(TREE, "cells/#") == 2
    assert value_at(TREE, "cells/#verdict=blocked") == 1
    named = {"a": {"kind": "model", "alive": True}, "b": {"kind": "null", "alive": True}, "c": 3}
    assert [value_at(named, where) for where in ("#", "#kind=model", "#alive=True", "#kind=guise")] == [3, 1, 2, 0]


@pytest.mark.parametrize("where", ["", "cells/H9", "cells/7", "seeds/x", "cells/H1[c-x]/nothing", "seeds/0/deeper"])
def test_an_address_that_does_not_resolve_is_an_error(where: str) -> None:
    """There is no empty string for a number that is not there."""
    with pytest.raises(HarnessError, match="address"):
        Numbers(TREE).num(where)


def test_what_was_not_measured_is_told_as_such() -> None:
    """None becomes words, never a zero."""
    assert Numbers(TREE).num(address("cells", "H1[a/b-x]", "measurements", "shift", "p")) == NOT_APPLICABLE


def test_a_text_or_a_truth_value_is_not_shown_as_a_number() -> None:
    """num() of a text is a mistake of the template's, not a formatting question."""
    with pytest.raises(HarnessError, match="is not a number"):
        Numbers(TREE).num("cells/H1[c-x]/verdict")


@given(st.text())
def test_any_segment_survives_escaping(segment: str) -> None:
    """Slashes and tildes in ids never change the meaning of an address."""
    assert unescape_segment(escape_segment(segment)) == segment
    assert "/" not in escape_segment(segment)


def test_every_leaf_is_found_at_its_own_address() -> None:
    """Walking the tree and looking up agree."""
    assert all(value_at(TREE, where) == value for where, value in leaves(TREE) if value not in ([], {}))
