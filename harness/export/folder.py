"""The folder of an export: whole or not there, and nobody's files are written over."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import HarnessError
from harness.files import make_folder, plain_digest, read_plain, require_no_links
from harness.records import Results
from harness.report.build import RESULTS
from harness.store import digests, naming_errors, write_json

STAMP = "export.json"


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What an export says of itself: its form, the run it is of, the sha256 of that run's results and of every file in it."""

    form: str
    experiment: str
    run: str
    results: str
    files: dict[str, str]


@contextmanager
def export_folder(out: Path, form: str, run: Path, results: Results) -> Iterator[Path]:
    """A fresh folder that takes the name `out` once it is filled. Raises HarnessError where `out` holds anything but an unaltered export of this run in this
    form."""
    require_replaceable(out, form, results)
    with naming_errors(out):
        make_folder(out.parent)
        fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            yield fresh
            files = digests(fresh)
            stamp = Stamp(form=form, experiment=results.experiment, run=results.execution.run, results=plain_digest(run / RESULTS), files=files)
            write_json(fresh / STAMP, msgspec.to_builtins(stamp), pretty=True)
            fresh.chmod(0o755 & ~current_umask())
            replace_folder(fresh, out)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def replace_folder(fresh: Path, out: Path) -> None:
    earlier = fresh.with_name(f"{fresh.name}-earlier")
    if os.path.lexists(out):
        out.rename(earlier)
    fresh.rename(out)
    shutil.rmtree(earlier, ignore_errors=True)


def require_replaceable(out: Path, form: str, results: Results) -> None:
    require_no_links(out.parent, out.name)
    if not os.path.lexists(out):
        return
    mend = "Name another folder with --out, or an empty one"
    if not out.is_dir():
        raise HarnessError("is no folder", where=str(out), mend=mend)
    if not any(out.iterdir()):
        return
    stamp = stamp_of(out)
    if stamp is None or (stamp.form, stamp.experiment, stamp.run) != (form, results.experiment, results.execution.run):
        raise HarnessError("holds something else than an export of this run in this form", where=str(out), mend=mend)
    found: dict[str, Any] = {name: digest for name, digest in digests(out).items() if name != STAMP}
    if own := sorted(name for name, digest in found.items() if stamp.files.get(name) != digest):
        raise HarnessError(f"{own[0]} is not as it was exported", where=str(out), mend=mend)


def stamp_of(out: Path) -> Stamp | None:
    try:
        return msgspec.json.decode(read_plain(out / STAMP), type=Stamp)
    except (OSError, msgspec.DecodeError, RecursionError):
        return None


def current_umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
