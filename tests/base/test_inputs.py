"""What a user hands in is read as it stands, or refused in one line that names the file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fuzz_inputs import KINDS, attempt, fuzz
from harness.design.experiment import experiment_in
from harness.design.persona import load_persona
from harness.design.preregistration import inputs_of
from harness.design.reading import read_plain
from harness.errors import HarnessError
from harness.measures.banks import Request, load_rows
from harness.yamlfile import YamlFile
from toy import YAML, Toy
from tries import tries


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_that_is_made_worse_is_good(kind: str, tmp_path: Path) -> None:
    """What the fuzzer starts from is read by its loader; else it would try nothing."""
    assert attempt(kind, KINDS[kind][1].encode(), tmp_path) == ("read", "")


INPUTS = tries(800, 5000)


@pytest.mark.chaos
def test_no_input_gives_a_traceback(tmp_path: Path) -> None:
    """Each of many files is read, or refused in one printable line that names it."""
    tally = fuzz(INPUTS, 7, tmp_path)
    assert not tally.faults, tally.faults[0]
    assert sum(tally.counts.values()) == INPUTS and tally.counts["declaration", "read"] > 0


def written(tmp_path: Path, text: str) -> object:
    path = tmp_path / "x.yaml"
    path.write_bytes(text.encode())
    return YamlFile(path).data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, word) for word in ("no", "yes", "on", "off", "y", "N", "12:30", "1:30:30", "2025-11-01", "=", "0.1.2", "1e", "1,000", "٣")),
        ("true", True), ("False", False), ("10", 10), ("-5", -5), ("+7", 7), ("0", 0), ("0.10", 0.1), ("1e3", 1000.0), (".5", 0.5), ("~", None), ("null", None),
        ('"010"', "010"), ("'yes'", "yes"), ("!!str 010", "010"), ("! 12", "12"), ("!!float 1", 1.0), ("!!int '3'", 3),
    ],
)  # fmt: skip
def test_a_scalar_is_what_it_looks_like(text: str, value: object, tmp_path: Path) -> None:
    """true and false are the only booleans, numbers are decimal, and all else is text."""
    found = written(tmp_path, f"a: {text}\n")
    assert found == {"a": value}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "010",
        "-007",
        "00.5",
        "0o17",
        "0x1F",
        "0b101",
        "1_000",
        "1_0.5",
        ".inf",
        "-.INF",
        ".nan",
        "1e999",
        "9" * 30,
        "",
        "!!int abc",
        "!!int true",
        "!!binary aGk=",
        "!x y",
    ],
)
def test_a_scalar_that_readers_differ_over_is_refused(text: str, tmp_path: Path) -> None:
    """The line says where; nothing is guessed."""
    with pytest.raises(HarnessError, match=r"x\.yaml:2: "):
        written(tmp_path, f"b: c\na: {text}\n")


def test_merged_keys_give_way_to_own_ones_wherever_they_stand(tmp_path: Path) -> None:
    """`<<` brings in what the mapping does not say itself; of several mappings the first goes before."""
    assert written(tmp_path, "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc: {y: 3, <<: [*a, *b]}\n")["c"] == {"x": 1, "y": 3, "z": 2}  # type: ignore[index]


def test_a_mark_at_the_start_and_other_line_ends_change_nothing(tmp_path: Path) -> None:
    """What editors of another system write is read the same."""
    assert written(tmp_path, "\ufeffa: b\r\nc: [1,\r\n 2]\r\n") == {"a": "b", "c": [1, 2]}
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": "a", "topic": "t", "request": "r"}\r\n\r\n{"id": "b", "topic": "t", "request": "r"}\r\n')
    assert [row.id for row in load_rows(path, Request)] == ["a", "b"]


@pytest.mark.parametrize("load", [YamlFile, lambda path: load_rows(path, Request)])
def test_what_is_no_file_is_refused_at_once(load: object, tmp_path: Path) -> None:
    """A folder, a pipe that nobody writes to, an endless device, and a name that no file has."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero"), tmp_path / "none", tmp_path / "nul\0name", tmp_path / ("x" * 300)):
        with pytest.raises(HarnessError):
            load(path)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"request": "half \ud83d"}, "half a surrogate pair"),
        ({"request": 5}, "Expected `str`"),
        ('{"id": "b", "id": "c", "topic": "t", "request": "r"}', "'id' stands twice"),
        ('{"id": "b", "topic": "t", "request": NaN}', "NaN is no JSON"),
        ('{"id": ' + "9" * 9000 + "}", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
    ],
)
def test_a_row_that_says_two_things_or_none_is_refused(row: object, told: str, tmp_path: Path) -> None:
    """The line of the file is named."""
    path = tmp_path / "rows.jsonl"
    good = {"id": "a", "topic": "t", "request": "r"}
    text = row if isinstance(row, str) else json.dumps({**good, "id": "b", **row})  # type: ignore[dict-item]
    path.write_text(f"{json.dumps(good)}\n{text}\n", encoding="utf-8")
    with pytest.raises(HarnessError, match=rf"rows\.jsonl:2: .*{told}"):
        load_rows(path, Request)


@pytest.fixture
def coins(tmp_path: Path) -> Toy:
    return Toy(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("n: items", "n: -5", r":10: thresholds\.heads\.n: input should be greater than or equal to 1\. Found -5"),
        ("n: items", "n: [1]", r"input should be text or a whole number\. Found \[1\]"),
        ("at_least: 2", "at_least: 0", r"rule\.at_least: input should be greater than or equal to 1\."),
        ("at_least: 2", "at_least: most", r"input should be a whole number or 'all'\. Found 'most'"),
        ("[heads, tails]", "5", r"axes\.behaviour: input should be a list or a mapping\. Found 5"),
        ("source: [villain, comedian, librarian]", "source: villain", r"roles\.source: input should be a list\. Found 'villain'"),
        ("seeds: [1]", "seeds: []", r"a list should have at least 1 item"),
        ("smoke:", "smoke:\n    thresholds: {heads: {n: -5}}", r":23: n: input should be greater than or equal to 1"),
        ("[heads, tails]", "[1, true]", "True and 1, which Python takes for equal"),
        ("[heads, tails]", "[1, 1.0]", "1.0 and 1, which Python takes for equal"),
        ("[heads, tails]", "[0.0, -0.0]", "-0.0 and 0.0, which Python takes for equal"),
        ("smoke:", "smoke:\n    axes: {behaviour: [0, false]}", "False and 0, which Python takes for equal"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_expected(coins: Toy, old: str, new: str, told: str) -> None:
    """Of a value that may be of several types, the line names the bound that it breaks, or all the types."""
    coins.write("evals/coins/experiment.yaml", YAML.replace(old, new, 1))
    with pytest.raises(HarnessError, match=told):
        read_plain(coins.root / "evals/coins")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("roles: [source]", "roles: source", r"villain\.yaml:4: roles: input should be a list\. Found 'source'"),
        ("note:", "notes:", r"unknown key 'notes'\. Did you mean 'note'\?"),
        ("note: For tests.\n", "", r"the key 'note' is missing"),
    ],
)
def test_a_wrong_persona_is_told_with_what_is_expected(coins: Toy, old: str, new: str, told: str) -> None:
    """As a declaration is."""
    coins.edit("personas/villain.yaml", old, new)
    with pytest.raises(HarnessError, match=told):
        load_persona(coins.root / "personas", "villain")


@pytest.mark.parametrize("pattern", ["banks/*.jsonl", "banks/main.jsonl", "*/main.jsonl", "**/*.jsonl", "**/main.jsonl"])
@pytest.mark.parametrize("kind", ["dead", "itself", "pipe"])
def test_an_input_that_is_no_file_is_refused(coins: Toy, pattern: str, kind: str) -> None:
    """A link to nothing, a link to itself and a pipe, beside a file that matches as well: none is left out in silence."""
    coins.write("evals/coins/experiment.yaml", YAML.replace("banks/*.jsonl", f"'{pattern}'"))
    coins.write("more/main.jsonl", "{}\n")
    place = coins.root / "banks/main.jsonl"
    os.mkfifo(place) if kind == "pipe" else place.symlink_to("nowhere" if kind == "dead" else "main.jsonl")
    with pytest.raises(HarnessError, match=r"banks/main\.jsonl: \[D120\] matches the input .*a link to nothing"):
        inputs_of(experiment_in(coins.root / "evals/coins"), coins.root)
    place.unlink()
    place.symlink_to("coins.jsonl")
    assert "banks/main.jsonl" in {found.path for found in inputs_of(experiment_in(coins.root / "evals/coins"), coins.root)}
