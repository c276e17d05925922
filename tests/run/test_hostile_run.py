"""A run whose tests say hostile things: everything is kept or shown harmless, without keys, and the report is written."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from toy import Toy

SECRET = "hunter2secret"
TESTS = """

@gate("G7")
def test_hostile(measure, facts):
    "A docstring with half an emoji \\ud83d, a bell \\a, \\x1b[31mred and \\u202e turned."
    import logging

    facts("Model", "half \\ud83d", "fact \\ud83d \\x00 \\x1b]0;title\\x07" + "x" * 200_000)
    measure("m \\ud83d $x^ \\x1b[2J", 0.5, "value", n=3, note="note \\ud83d hunter2secret " + "y" * 10_000_000)
    print("\\x1b]52;c;aGk=\\x07\\r printed sk-ant-REDACTEDabcdefghijk hunter2secret")
    logging.getLogger().warning("logged hunter2secret \\x1b[2J")
    password = "in a local"
    assert False, "why \\ud83d \\x1b[2J\\u202e hunter2secret " + "z" * 10_000_000


@control("C7")
def test_says_too_much():
    "Passes and prints."
    print("\\x1b[2J hunter2secret")
"""


def harmless(text: str) -> bool:
    return not [char for char in text if char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cf", "Cs")]


@pytest.fixture
def hostile(toy: Toy) -> Toy:
    with (toy.root / "evals/coins/test_coins.py").open("a", encoding="utf-8") as stream:
        stream.write(TESTS)
    toy.edit("evals/coins/experiment.yaml", "title: Coins differ from a fair one", 'title: "Coins \\e[2J differ \\u202e $x^ 😀"')
    return toy.reporting()


def test_a_hostile_run_is_told_harmless_and_whole(hostile: Toy) -> None:
    """Half characters, terminal commands, keys and 10 MB of text: no raw control character in what is shown, no key anywhere, and a report."""
    words = ("-l", "-rA", "--junitxml=junit.xml", "-o", "junit_logging=all", "-o", "openai_api_key=OPTIONVALUE", "-k", "hostile or much")
    done = hostile.run(*words, env={"DB_PASS": SECRET, "PYTHONIOENCODING": "utf-8"})
    assert done.returncode == 1 and "INTERNALERROR" not in done.stdout + done.stderr, done.stdout[-3000:]
    assert harmless(done.stdout), [line for line in done.stdout.split("\n") if not harmless(line)][:3]
    assert "\\x1b[2J" in done.stdout and "[DB_PASS]" in done.stdout and "FAILED evals/coins/test_coins.py::test_hostile - why" in done.stdout
    folder = hostile.last_run
    assert (folder / "index.html").exists() and (folder / "clean_result.md").exists()
    for path in [hostile.root / "junit.xml", *(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".png")]:
        text = path.read_text(encoding="utf-8")
        assert not [word for word in (SECRET, "REDACTEDabcdefghijk", "in a local", "OPTIONVALUE") if word in text], path
        assert path.suffix not in (".md", ".html") or harmless(text), path
        assert len(text) < 3_000_000, path
    cells = {cell["id"]: cell for cell in hostile.results()["cells"]}
    assert cells["G7"]["verdict"] == "failed" and cells["G7"]["reason"].startswith("why \\\\ud83d".replace("\\\\", "\\"))
    json.dumps(hostile.results(), ensure_ascii=False).encode()


KEY = "sesame-opens-it"
PARAMETRIZED = """

import os
import pytest


@pytest.mark.parametrize("which", {values})
@gate("G7")
def test_which(which):
    "Whichever."
"""


@pytest.mark.parametrize("values", ['[os.environ["MY_API_TOKEN"]]', '[pytest.param("a", id=os.environ["MY_API_TOKEN"])]', '["sk-ant-REDACTEDabcdefghijk"]'])
@pytest.mark.parametrize("words", [(), ("--collect-only", "-q")])
def test_a_key_that_would_name_a_cell_is_refused(values: str, words: tuple[str, ...], toy: Toy) -> None:
    """As the value of a parameter or in a test's id: one line names the variable, nothing runs, and the key is nowhere."""
    with (toy.root / "evals/coins/test_coins.py").open("a", encoding="utf-8") as stream:
        stream.write(PARAMETRIZED.format(values=values))
    done = toy.run(*words, "--junitxml=junit.xml", env={"MY_API_TOKEN": KEY})
    out = done.stdout + done.stderr + ((toy.root / "junit.xml").read_text() if not words else "")
    assert done.returncode == 2 and not toy.thrown() and KEY not in out and "REDACTEDabcd" not in out, out
    assert [line for line in out.split("\n") if "G7" in line and ("the value of MY_API_TOKEN" in line or "what looks like a key" in line)], out


NAMES = """

import logging
import os
import warnings


@gate("G7")
def test_names_samples(coin):
    "Names samples."
    coin.throw("by " + os.environ["MY_API_TOKEN"], 0.5)


@gate("G8")
def test_names_a_measurement(measure, facts):
    "Names a measurement."
    facts("Execution", "by", os.environ["MY_API_TOKEN"])
    warnings.warn("warned " + os.environ["MY_API_TOKEN"] + "\\x1b[2J")
    logging.getLogger().warning("logged %s", os.environ["MY_API_TOKEN"])
    measure("m " + os.environ["MY_API_TOKEN"], 0.5, "value", n=3)


@gate("G9")
def test_cannot_be_written(measure, criterion, facts):
    "Cannot be written."
    warnings.warn("more of " + os.environ["MY_API_TOKEN"], ResourceWarning)
    facts("Eval", "x", float("nan"))
"""


@pytest.mark.parametrize("words", [(), ("-n2",)])
def test_a_key_in_names_warnings_and_logs_is_nowhere(words: tuple[str, ...], toy: Toy) -> None:
    """The names of samples and measurements are refused in one line; warnings, log files, live logs and facts of the execution are struck."""
    with (toy.root / "evals/coins/test_coins.py").open("a", encoding="utf-8") as stream:
        stream.write(NAMES)
    done = toy.reporting().run(
        "-k", "names or written", "-W", "always", "--log-file=log.txt", "-o", "log_cli=true", "--junitxml=junit.xml", *words, env={"MY_API_TOKEN": KEY}
    )
    cells = {cell["id"]: cell for cell in toy.results()["cells"]}
    assert "a name of samples holds the value of MY_API_TOKEN" in cells["G7"]["reason"], cells["G7"]
    assert "the name of a measurement holds the value of MY_API_TOKEN" in cells["G8"]["reason"], cells["G8"]
    assert cells["G9"]["verdict"] == "error"
    assert "warned [MY_API_TOKEN]" in done.stdout and "ResourceWarning: more of [MY_API_TOKEN]" in done.stdout and KEY not in done.stdout + done.stderr
    assert "logged [MY_API_TOKEN]" in (toy.root / "log.txt").read_text()
    assert not [path for path in toy.root.rglob("*") if KEY in path.name or (path.is_file() and KEY.encode() in path.read_bytes())]


@pytest.mark.parametrize("value", ["Qwen/Qwen2", "a..b", "..", "???", "heads.", "naïve", "12:30", "no", "red queen", "a::b", "[x]"])
def test_an_axis_value_that_can_name_no_file_names_a_cell_all_the_same(value: str, toy: Toy) -> None:
    """Samples, locks and the board find a name of their own for it."""
    toy.edit("evals/coins/experiment.yaml", "behaviour: [heads, tails]", f"behaviour: [heads, tails]\n  odd: [{json.dumps(value)}]")
    test = '@gate("C8", over="odd")\ndef test_odd(odd, coin):\n    "Odd."\n    coin.throw(odd, 0.5)\n'
    toy.write("evals/coins/test_coins.py", f"from harness import gate\n\n\n{test}" + Path(toy.root / "evals/coins/test_coins.py").read_text())
    done = toy.run("-k", "odd")
    assert toy.cells()[f"C8[{value}]"] == "passed", done.stdout
    assert all(path.name.isascii() and not path.name.startswith(".") for path in (toy.root / "reports/coins/latest/samples").iterdir())
