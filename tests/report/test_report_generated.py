"""What a person edited is never overwritten and never deleted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.report.build import build, withdraw
from harness.report.generated import generated_sibling, has_whole_seal, is_edited, seal_text, write_generated

SEALED_FILES = ("clean_result.md", "card.json", "index.html")


@pytest.fixture
def copied(built: Path, tmp_path: Path) -> Path:
    """A copy of the sample run with its report."""
    shutil.copytree(built, tmp_path / "run")
    return tmp_path / "run"


def edit(path: Path) -> bytes:
    """A person's edit: a line added on top of Markdown, a word changed elsewhere."""
    text = path.read_text()
    path.write_text(f"My own line.\n{text}" if path.suffix == ".md" else text.replace("persona_prompting", "our_own", 1).replace("INCOMPLETE", "SO SO", 1))
    return path.read_bytes()


@pytest.mark.parametrize("name", SEALED_FILES)
def test_an_edited_file_is_kept_and_the_new_one_stands_beside_it(copied: Path, name: str) -> None:
    """One line says where the new text is and where additions belong; the other files are written as ever."""
    path = copied / name
    before = path.read_bytes()
    assert not is_edited(path)
    mine = edit(path)
    for _ in range(2):
        notes = build(copied).notes
        assert path.read_bytes() == mine
        assert generated_sibling(path).read_bytes() == before
        assert len(notes) == 1 and name in notes[0] and generated_sibling(path).name in notes[0] and "notes.md" in notes[0] and "\n" not in notes[0]
    path.unlink()
    assert build(copied).notes == () and path.read_bytes() == before
    assert not generated_sibling(path).exists(), "what stood beside is not left to grow old"


def test_markdown_without_a_seal_is_a_persons(copied: Path) -> None:
    """Written by hand, or by an earlier version and edited since: nobody can tell, so it is kept."""
    (copied / "clean_result.md").write_text("# Ours\n")
    assert len(build(copied).notes) == 1
    assert (copied / "clean_result.md").read_text() == "# Ours\n"


@pytest.mark.parametrize("name", ["card.json", "index.html"])
def test_a_page_or_card_without_a_seal_is_of_an_earlier_version(copied: Path, name: str) -> None:
    """It is written anew: left in place it would be taken for the new one."""
    before = (copied / name).read_bytes()
    (copied / name).write_text("{}" if name == "card.json" else "<html></html>")
    assert build(copied).notes == () and (copied / name).read_bytes() == before


def test_two_edited_texts_are_both_kept(copied: Path) -> None:
    """Where the file beside was edited too, the new text is not written, and the line says so."""
    path = copied / "clean_result.md"
    edit(path)
    build(copied)
    mine = edit(generated_sibling(path))
    notes = build(copied).notes
    assert generated_sibling(path).read_bytes() == mine and "was not written" in notes[0]


def test_what_is_a_persons_outlives_a_withdrawn_report(copied: Path) -> None:
    """Generated files and figures go; edited ones, own figures and notes.md stay."""
    mine = edit(copied / "clean_result.md")
    (copied / "notes.md").write_text("mine")
    (copied / "figures" / "own.png").write_bytes(b"mine")
    (copied / "figures" / "own.txt").write_bytes(b"mine")
    notes = withdraw(copied)
    assert len(notes) == 1 and "clean_result.md" in notes[0]
    assert (copied / "clean_result.md").read_bytes() == mine
    assert (copied / "notes.md").read_text() == "mine"
    assert sorted(path.name for path in (copied / "figures").iterdir()) == ["own.png", "own.txt"]
    assert not (copied / "index.html").exists() and not (copied / "card.json").exists()


def test_notes_are_never_touched(copied: Path) -> None:
    """notes.md is the user's: a report made again leaves it as it is."""
    (copied / "notes.md").write_text("mine")
    before = (copied / "notes.md").stat().st_mtime_ns
    build(copied)
    assert (copied / "notes.md").read_text() == "mine" and (copied / "notes.md").stat().st_mtime_ns == before


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("elsewhere.md"), lambda path: path.write_bytes(b"\xff\xfe\x00")])
def test_whatever_else_stands_there_is_kept(copied: Path, make: Callable[[Path], object]) -> None:
    """A folder, a link that leads nowhere, bytes that are no text."""
    path = copied / "clean_result.md"
    path.unlink()
    make(path)
    assert len(build(copied).notes) == 1
    assert path.is_dir() or path.is_symlink() or path.read_bytes() == b"\xff\xfe\x00"


def test_a_seal_is_the_last_line_and_covers_all_above_it() -> None:
    """Any change above it, or anything below it, breaks it; a text that quotes a seal is no trouble."""
    text = seal_text(f"# A\n\n{seal_text('quoted')}\n")
    assert has_whole_seal(text.encode()) and text.splitlines()[-1].startswith("[//]: # (generated by harness; sha256 of the text above: ")
    for changed in (text.replace("# A", "# B"), f"{text}more\n", text[:-20], text.replace("above: ", "above: 0")):
        assert not has_whole_seal(changed.encode())


def test_a_file_that_cannot_be_written_leaves_the_old_one_whole(copied: Path) -> None:
    """As on a full disk: one line, the old text is intact, no half of a new one lies beside."""
    script = (
        "import resource, sys; from pathlib import Path; from harness.cli import main\n"
        "from harness.report.generated import write_generated\n"
        "from harness.errors import HarnessError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try: write_generated(Path(sys.argv[1]), 'x' * 5000)\n"
        "except HarnessError as error: print(error)\n"
    )
    path = copied / "clean_result.md"
    before, names = path.read_bytes(), sorted(os.listdir(copied))
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert "cannot write: File too large" in done.stdout and done.stdout.count("\n") == 1
    assert path.read_bytes() == before and sorted(os.listdir(copied)) == names


def test_reports_made_at_once_give_whole_files(copied: Path) -> None:
    """Several processes write the same report: every file is one of them, whole, and no file is taken for a person's."""
    before = {name: (copied / name).read_bytes() for name in SEALED_FILES}
    command = [sys.executable, "-c", "import sys; from pathlib import Path; from harness.report.build import build; print(build(Path(sys.argv[1])).notes)"]
    for process in [subprocess.Popen([*command, str(copied)], stdout=subprocess.PIPE, text=True) for _ in range(3)]:
        assert process.communicate()[0] == "()\n"
    assert before == {name: (copied / name).read_bytes() for name in SEALED_FILES}
    assert not list(copied.glob("*.generated.*")) and not list(copied.glob(".*"))


def test_a_folder_that_cannot_be_written_is_told_of_in_one_line(tmp_path: Path) -> None:
    """Where a file stands in place of the folder."""
    (tmp_path / "run").write_text("")
    with pytest.raises(HarnessError, match="cannot write"):
        write_generated(tmp_path / "run" / "clean_result.md", "text")


def test_the_card_is_still_json_with_its_fields(copied: Path) -> None:
    """The seal is one more key."""
    assert set(json.loads((copied / "card.json").read_text())) == {"#", "counts", "groups", "reproducibility"}
