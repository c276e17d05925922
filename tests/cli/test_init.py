"""`harness init` in a folder of somebody's own: what it writes, what it leaves alone, and how it says no."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main
from harness.design.reading import read_plain
from harness.design.schema import shipped_text

WRITTEN = [
    "banks/false_statements.jsonl",
    "evals/experiment.schema.json",
    "evals/first/experiment.yaml",
    "evals/first/test_first.py",
    "personas/assistant.yaml",
    "personas/doubter.yaml",
    "pytest.ini",
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and the current one."""
    place = tmp_path / "project"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def files(folder: Path) -> dict[str, str]:
    """Every file below a folder but hidden ones, and those in hidden folders, with its text."""
    names = {path: path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name.as_posix(): path.read_text(encoding="utf-8") for path, name in names.items() if not any(part.startswith(".") for part in name.parts)}


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def require_one_line(capsys: pytest.CaptureFixture[str], *words: str) -> None:
    """Nothing on standard output, one line that holds the words on standard error."""
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and err.startswith("harness: ") and all(word in err for word in words), err


def typed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_"))}
    return subprocess.run([sys.executable, *words], cwd=folder, env=clean, capture_output=True, text=True, timeout=60)


def test_an_empty_folder_gets_all_that_the_experiment_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Seven files, each named, and the three commands that come next."""
    assert main(["init"]) == 0
    assert list(files(folder)) == WRITTEN and sorted(os.listdir(folder)) == ["banks", "evals", "personas", "pytest.ini"]
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.removeprefix("wrote ") for line in lines if line.startswith("wrote ")) == WRITTEN
    assert [re.split(r"harness(?:.cli)? ", line)[-1] for line in lines[-5:-1:2]] == ["plan evals/first", "lock evals/first"]
    assert "pytest evals/first" in lines[-1]


def test_what_was_written_is_planned_and_collected(folder: Path) -> None:
    """A gate, two controls and one cell; nothing is missing and nothing is odd."""
    main(["init"])
    planned = typed(folder, "-m", "harness.cli", "plan", "evals/first")
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.startswith("plan of first at scale smoke\n  cells: 2 control, 1 gate, 1 hypothesis; selected 4, cached 0, to do 4\n")
    collected = typed(folder, "-m", "pytest", "evals/first", "--collect-only", "-q")
    assert [line.partition("::")[2] for line in collected.stdout.splitlines() if "::" in line] == [
        "test_there_is_room_to_fall",
        "test_told_that_it_hears_mistakes_the_model_agrees_less",
        "test_other_words_for_the_assistant_change_nothing",
        "test_a_doubting_role_lowers_agreement[doubter]",
    ]


@pytest.mark.parametrize("name", ["personas/assistant.yaml", "personas/doubter.yaml", "banks/false_statements.jsonl"])
def test_files_of_ones_own_are_kept(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The file stays as it is, the answer says so, and the others are written."""
    write(folder, name, "mine\n")
    assert main(["init"]) == 0
    assert files(folder)[name] == "mine\n" and list(files(folder)) == WRITTEN
    assert f"kept your {name}" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(("text", "kept"), [('{"title": "mine"}', True), (shipped_text().replace("pattern", "format"), False)], ids=["own", "older"])
def test_the_schema_of_another_version_is_replaced(folder: Path, text: str, kept: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Editors are told what this version reads; a file of one's own of that name is kept."""
    write(folder, "evals/experiment.schema.json", text)
    assert main(["init"]) == 0
    assert files(folder)["evals/experiment.schema.json"] == (text if kept else shipped_text())
    assert f"{'kept your' if kept else 'wrote'} evals/experiment.schema.json" in capsys.readouterr().out


def test_a_link_of_ones_own_is_kept(folder: Path) -> None:
    """Also one that leads nowhere yet."""
    (folder / "personas").mkdir()
    (folder / "personas/assistant.yaml").symlink_to("elsewhere.yaml")
    assert main(["init"]) == 0
    assert os.readlink(folder / "personas/assistant.yaml") == "elsewhere.yaml"


@pytest.mark.parametrize(
    ("name", "text", "own"),
    [
        ("pytest.ini", "[pytest]\naddopts = -q\n", True),
        (".pytest.ini", "[pytest]\n", True),
        ("pytest.toml", "[pytest]\n", True),
        ("pyproject.toml", '[project]\nname = "mine"\n', True),
        ("pyproject.toml", "[tool.pytest.ini_options]\n", True),
        ("tox.ini", "[pytest]\n", True),
        ("tox.ini", "[tox]\n", False),
        ("setup.cfg", "[tool:pytest]\n", True),
        ("setup.cfg", "[metadata]\nname = mine\n", False),
    ],
)
def test_the_folder_is_the_root_of_its_runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str, text: str, own: bool) -> None:
    """A configuration of one's own is left alone and used; where there is none, not even in a file that may hold one, one says so, and what it needs."""
    write(pytester.path, name, text)
    assert main(["init"]) == 0
    assert (pytester.path / name).read_text(encoding="utf-8") == text
    assert own or (pytester.path / "pytest.ini").read_text(encoding="utf-8") == "[pytest]\nrequired_plugins = harness-evals\n"
    monkeypatch.chdir(pytester.path / "evals")
    config = pytester.parseconfig("-p", "no:harness", "-o", "required_plugins=", "first")
    assert config.rootpath == pytester.path and config.inipath == pytester.path / (name if own else "pytest.ini")


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_an_experiment_of_ones_own_is_an_error(folder: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that names it and another way; nothing is written."""
    write(folder, "evals/other/experiment.yaml", "mine\n")
    place = folder / "evals/first"
    {"folder": place.mkdir, "file": place.touch, "link": lambda: place.symlink_to("nowhere")}[kind]()
    before = sorted(folder.rglob("*"))
    assert main(["init"]) == 2
    require_one_line(capsys, "evals/first", "already", "init first_2")
    assert sorted(folder.rglob("*")) == before
    assert main(["init", "first_2"]) == 0


@pytest.mark.parametrize("name", ["", "First", "1st", "a b", "a/b", "../first", "a.b", "naïve", "a\n", "_a", "a" * 65])
def test_a_bad_name_is_refused(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says what a name may be; nothing is written."""
    assert main(["init", name]) == 2
    require_one_line(capsys, "cannot name an experiment", "lower-case letters")
    assert not os.listdir(folder)


@pytest.mark.parametrize("name", ["null", "true", "no", "a" * 64])
def test_a_name_is_text_whatever_yaml_makes_of_it(folder: Path, name: str) -> None:
    """Words that YAML reads as values, and the longest name, give a declaration that is read."""
    assert main(["init", name]) == 0
    assert read_plain(folder / "evals" / name)["id"] == name


def test_json_says_what_was_written_and_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As data, and so is a refusal."""
    write(folder, "personas/doubter.yaml", "mine\n")
    assert main(["init", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sorted(told["written"]) == [name for name in WRITTEN if name != "personas/doubter.yaml"] and told["kept"] == ["personas/doubter.yaml"]
    assert main(["init", "--json"]) == 2
    out, err = capsys.readouterr()
    assert not err and json.loads(out)["where"] == "evals/first"


@pytest.mark.parametrize("name", ["evals", "personas", "banks"])
def test_where_nothing_can_be_written_nothing_is_half_made(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file where a folder should be: one line, no experiment; once it is out of the way the same command works."""
    write(folder, name, "mine\n")
    assert main(["init"]) == 2
    require_one_line(capsys, name, "cannot write")
    assert files(folder)[name] == "mine\n" and not [found for found in files(folder) if found.startswith("evals/first")]
    (folder / name).unlink()
    assert main(["init"]) == 0
    assert list(files(folder)) == WRITTEN


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="/proc/self, in which not even root may write, is not here")
def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, whoever asks."""
    monkeypatch.chdir("/proc/self")
    assert main(["init"]) == 2
    require_one_line(capsys, "evals/", "cannot write")


KILLED = """
import os, signal, sys

from harness.cli import main

left = int(sys.argv[1])


def count(event, arguments):
    "Ends the process at once, before the folder or file of a given number is made or renamed."
    global left
    if event in ("os.mkdir", "os.rename") or (event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


sys.dont_write_bytecode = True
sys.addaudithook(count)
sys.exit(main(["init"]))
"""


def test_killed_at_any_moment_nothing_is_half_written(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever can be seen is whole, the experiment is there as a whole or not at all, and the same command goes on."""
    main(["init"])
    whole = files(folder)
    for number in itertools.count():
        place = tmp_path / str(number)
        place.mkdir()
        done = typed(place, "-c", KILLED, str(number))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        seen = files(place)
        assert seen.items() <= whole.items() and not [name for name in seen if name.startswith("evals/first")]
        monkeypatch.chdir(place)
        assert main(["init"]) == 0
        assert files(place) == whole
    assert number > len(WRITTEN)
