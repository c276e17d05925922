"""From a file to a recording, by what is in it and never by its name. A form is one file, and a branch of `parse_recording`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.models import answers_recording, inspect_recording, level1_recording, samples_recording
from harness.models.inspect_log import is_log
from harness.models.recording import Recording
from harness.opened_files import opened_files
from harness.strict_json import text_of

# Files that one process keeps parsed; a model set names few, a folder of logs some more.
KEPT = 32


def load_recording(path: Path) -> Recording:
    """The recording in a file, or in the Inspect logs of a folder; parsed once a process while size and time of change stay. Raises HarnessError with the place
    of the first mistake."""
    opened_files.note_again(path)
    if path.is_dir():
        return join_logs(path)
    try:
        state = path.stat()
    except OSError:
        text_of(path)  # tells what is wrong with the path
        raise
    return parse_recording(path.resolve(), path, state.st_size, state.st_mtime_ns)


def files_of(path: Path) -> list[Path]:
    """The files of a recording: itself, or the logs of a folder."""
    return sorted(filter(is_log, path.iterdir())) if path.is_dir() else [path]


def join_logs(folder: Path) -> Recording:
    """All logs of a folder, not those of folders in it, as one recording: often one for each model."""
    parts = [load_recording(path) for path in files_of(folder)]
    if not parts:
        raise HarnessError("the folder holds no Inspect logs", where=str(folder), mend="Name a file, or the folder in which .eval files lie.")
    rows = tuple(msgspec.structs.replace(row, place=f"{part.path.name}: {row.place}") for part in parts for row in part.rows)
    items = {item.id: item for part in parts for item in part.items}
    return Recording(path=folder, sha256=fingerprint(sorted(part.sha256 for part in parts)), pairing="item", rows=rows, items=tuple(items.values()))


@lru_cache(maxsize=KEPT)
def parse_recording(_resolved: Path, path: Path, _size: int, _mtime: int) -> Recording:
    if is_log(path):
        return inspect_recording.read_recording(path)
    text, sha256 = text_of(path)
    if level1_recording.is_level1(text):
        return Recording(path=path, sha256=sha256, pairing="prompt", rows=level1_recording.read_rows(text, path))
    if text.lstrip().startswith("{"):
        if answers_recording.is_answers(text, path):
            return Recording(path=path, sha256=sha256, pairing="task", rows=answers_recording.read_rows(text, path))
        return Recording(path=path, sha256=sha256, pairing="task", rows=samples_recording.read_rows(text, path))
    mend = "Use JSON lines with id and answer, a samples file of a run, a log of Inspect, or a Level-1 document with 'responses'."
    raise HarnessError("this is no recording that can be read", where=f"{path}:1", mend=mend)
