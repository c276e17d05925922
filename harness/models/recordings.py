"""From a file to a recording, by what is in it and never by its name. A new form is one file with `recognised` and `read`, and one line in FORMS."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from harness.errors import HarnessError
from harness.models import level1_recording, samples_recording
from harness.models.recording import Recording
from harness.strict_json import text_of

# Files that one process keeps parsed; a model set names few.
KEPT = 8


def load_recording(path: Path) -> Recording:
    """The recording in a file; parsed once a process while its size and time of change stay. Raises HarnessError with the place of the first mistake."""
    try:
        state = path.stat()
    except OSError:
        text_of(path)  # tells what is wrong with the path
        raise
    return parse_recording(path.resolve(), path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=KEPT)
def parse_recording(_resolved: Path, path: Path, _size: int, _mtime: int) -> Recording:
    text, sha256 = text_of(path)
    if level1_recording.is_level1(text):
        return Recording(path=path, sha256=sha256, pairing="prompt", rows=level1_recording.read_rows(text, path))
    if text.lstrip().startswith("{"):
        return Recording(path=path, sha256=sha256, pairing="task", rows=samples_recording.read_rows(text, path))
    mend = "Use a samples file of a run (JSON lines), or a Level-1 document with 'responses'."
    raise HarnessError("this is no recording that can be read", where=f"{path}:1", mend=mend)
