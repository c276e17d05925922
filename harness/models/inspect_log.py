"""Logs of Inspect (inspect_ai), log format 2: `.eval`, which is a zip of JSON, and the `.json` form. Read whole or refused; an evaluation that did not end is
no log of all its samples.

The format: https://inspect.aisi.org.uk/eval-logs.html.
"""

from __future__ import annotations

import io
import json
import re
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from harness.commands import install_extra
from harness.errors import HarnessError
from harness.textfile import read_bytes

T = TypeVar("T")
ZIP, ZSTANDARD = b"PK\x03\x04", 93
# The order of the first fields belongs to the format.
DOCUMENT = re.compile(rb'\A\s*\{\s*"version"\s*:\s*\d+\s*,\s*"(status|eval)"\s*:')
HEADER, SAMPLES = "header.json", re.compile(r"samples/.+\.json", re.DOTALL)
FILE_MOST, SAMPLE_MOST, LOG_MOST = 1 << 31, 1 << 28, 1 << 33  # bytes of a file, of a sample once it is unpacked, of all of a log's
AGAIN = "Copy the log again, or write it anew with `inspect log convert`."


class Part(msgspec.Struct, frozen=True):
    type: str
    text: str = ""


class Message(msgspec.Struct, frozen=True):
    role: str
    content: str | list[Part] = ""

    @property
    def text(self) -> str:
        """What is written in it; images and reasoning are no text."""
        return self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content if part.type == "text")


class Choice(msgspec.Struct, frozen=True):
    message: Message
    stop_reason: str = "unknown"


class Usage(msgspec.Struct, frozen=True):
    input_tokens: int | None = None
    output_tokens: int | None = None


class Output(msgspec.Struct, frozen=True):
    completion: str = ""
    choices: list[Choice] = []
    usage: Usage | None = None
    time: float | None = None
    error: str | None = None


class Score(msgspec.Struct, frozen=True):
    value: Any = None


class Failure(msgspec.Struct, frozen=True):
    message: str = ""


class Sample(msgspec.Struct, frozen=True):
    id: int | str
    epoch: Annotated[int, msgspec.Meta(ge=1)]
    input: str | list[Message]
    target: str | list[str] = ""
    choices: list[str] | None = None
    messages: list[Message] = []
    output: Output = Output()
    scores: dict[str, Score] | None = None
    error: Failure | None = None
    limit: Any = None
    invalidation: Any = None
    attachments: dict[str, str] = {}

    @property
    def place(self) -> str:
        return f"samples/{self.id}_epoch_{self.epoch}.json"


class Dataset(msgspec.Struct, frozen=True):
    samples: int | None = None
    sample_ids: list[int | str] | None = None


class Config(msgspec.Struct, frozen=True):
    epochs: int | None = None


class Spec(msgspec.Struct, frozen=True):
    model: str
    dataset: Dataset = Dataset()
    config: Config = Config()


class Counts(msgspec.Struct, frozen=True):
    total_samples: int | None = None


class Header(msgspec.Struct, frozen=True):
    """What a log says of its evaluation."""

    version: int
    status: str
    eval: Spec
    results: Counts | None = None
    invalidated: bool = False

    @property
    def expected(self) -> int:
        """How many samples a whole log holds; 0 where it does not say."""
        if self.results and self.results.total_samples:
            return self.results.total_samples
        return (len(self.eval.dataset.sample_ids or ()) or self.eval.dataset.samples or 0) * (self.eval.config.epochs or 1)


class Document(Header, frozen=True):
    """The `.json` form."""

    samples: list[Sample] | None = None


def is_log(path: Path) -> bool:
    """True where a plain file begins as a log does, whatever its name."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        start = stream.read(200)
    return start.startswith(ZIP) or DOCUMENT.match(start) is not None


def read_log(path: Path) -> tuple[bytes, Header, list[Sample]]:
    """(the file's bytes, header, samples by id and epoch). Raises HarnessError for a log that is damaged, too large, of another form or not finished."""
    data = read_bytes(path, FILE_MOST)
    header, samples = read_zip(data, path) if data.startswith(ZIP) else read_document(data, path)
    require_finished(header, len(samples), path)
    return data, header, sorted(samples, key=lambda sample: (str(sample.id), sample.epoch))


def require_finished(header: Header, samples: int, path: Path) -> None:
    """What is there of an unfinished evaluation are the samples that were quick, or that failed late: no sample of all of them."""
    where, mend = str(path), "Finish it with `inspect eval-retry`; a part of an evaluation stands for no whole."
    if header.version != 2:
        raise HarnessError(f"its log format is version {header.version}, not 2", where=where, mend=AGAIN)
    if header.status != "success":
        raise HarnessError(f"the evaluation did not finish: its status is {header.status!r}", where=where, mend=mend)
    if header.invalidated:
        raise HarnessError("the log was invalidated by hand", where=where, mend="Run the evaluation again.")
    if not samples or samples < header.expected:
        raise HarnessError(f"it holds {samples} of {header.expected or 'its'} samples", where=where, mend=mend)


def read_document(data: bytes, path: Path) -> tuple[Header, list[Sample]]:
    found = decode(data, Document, str(path))
    return found, found.samples or []


def read_zip(data: bytes, path: Path) -> tuple[Header, list[Sample]]:
    """Only the header and the samples are unpacked, in memory: names of members lead nowhere."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename: info for info in archive.infolist()}  # of a sample that was run again, the last counts
            if HEADER not in members:
                mend = "Finish it with `inspect eval-retry`."
                raise HarnessError(f"it has no {HEADER}: the evaluation did not finish, or this is no log of Inspect", where=str(path), mend=mend)
            wanted = [members[HEADER], *(info for name, info in members.items() if SAMPLES.fullmatch(name))]
            if sum(info.file_size for info in wanted) > LOG_MOST:
                raise HarnessError(f"it unpacks to more than {LOG_MOST:,} bytes", where=str(path), mend="Split the evaluation up.")
            header = decode(unpack(archive, wanted[0], data, path), Header, f"{path}: {HEADER}")
            return header, [decode(unpack(archive, info, data, path), Sample, f"{path}: {info.filename}") for info in wanted[1:]]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error) as error:
        raise HarnessError(f"the zip is damaged: {error}", where=str(path), mend=AGAIN) from None


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, data: bytes, path: Path) -> bytes:
    """A member, of at most as many bytes as it declares."""
    if info.file_size > SAMPLE_MOST:
        raise HarnessError(f"{info.filename[:80]} unpacks to {info.file_size:,} bytes, more than {SAMPLE_MOST:,}", where=str(path), mend=AGAIN)
    if info.compress_type == ZSTANDARD and sys.version_info < (3, 14):
        return unpack_zstandard(info, data, path)
    with archive.open(info) as stream:
        return stream.read(info.file_size + 1)


def unpack_zstandard(info: zipfile.ZipInfo, data: bytes, path: Path) -> bytes:
    """The standard library reads this compression from Python 3.14 on."""
    try:
        import zstandard
    except ImportError:
        raise HarnessError("it is compressed with zstandard, which this Python cannot read", where=str(path), mend=install_extra("inspect")) from None
    name, extra = struct.unpack_from("<HH", data, info.header_offset + 26)
    start = info.header_offset + 30 + name + extra
    packed = memoryview(data)[start : start + info.compress_size]
    try:
        unpacked: bytes = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True).read(info.file_size + 1)
    except zstandard.ZstdError as error:
        raise zipfile.BadZipFile(f"{info.filename}: {error}") from None
    if len(unpacked) != info.file_size or zlib.crc32(unpacked) != info.CRC:
        raise zipfile.BadZipFile(f"{info.filename} is not what was packed")
    return unpacked


def decode(data: bytes, kind: type[T], where: str) -> T:
    """JSON as a record. NaN, by which Inspect marks what was not scored (`Score.unscored`), is nothing; an infinite number stays one."""
    try:
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            return msgspec.convert(json.loads(data, parse_constant=lambda name: None if name == "NaN" else float(name)), kind)
    except (ValueError, RecursionError) as error:
        raise HarnessError(f"does not fit Inspect's log format: {error}", where=where, mend=AGAIN) from None
