"""The installed distributions that a number depends on: by version, RECORD and, where they are small, their Python files."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path

from harness.fingerprint import file_fingerprint, fingerprint
from harness.opened_files import is_project_code

# Packages that carry, check, draw or transport, and cannot change a number: their releases re-run nothing. Any package that is not named here counts.
TESTING = "coverage execnet hypothesis iniconfig mypy mypy-extensions pluggy py pytest pytest-cov pytest-forked pytest-repeat pytest-rerunfailures ruff"
TESTING_MORE = "pytest-timeout pytest-xdist sortedcontainers"
TRANSPORT = "anthropic anyio certifi charset-normalizer distro docstring-parser fastapi fsspec h11 h2 hf-xet hpack httpcore httpcore2 httpx httpx2 hyperframe"
TRANSPORT_MORE = "huggingface-hub idna jiter openai opentelemetry-api requests sniffio starlette tenacity truststore urllib3 uvicorn"
DRAWING = "colorama contourpy cycler fonttools kiwisolver markdown-it-py matplotlib mdurl narwhals pillow pygments pyparsing rich tqdm"
FORMS = "annotated-doc annotated-types attrs jsonschema jsonschema-specifications msgspec pydantic pydantic-core python-dateutil pyyaml referencing rpds-py"
TOOLS = "cffi click decorator filelock importlib-metadata joblib mpmath networkx packaging pathspec pip platformdirs psutil setuptools shellingham six sympy"
TOOLS_MORE = "shtab typer typing-extensions typing-inspection tzdata wheel zipp"
NEUTRAL_PACKAGES = frozenset(" ".join((TESTING, TESTING_MORE, TRANSPORT, TRANSPORT_MORE, DRAWING, FORMS, TOOLS, TOOLS_MORE)).split())
# A distribution of up to so many Python files is read whole, so that a file edited where it is installed is noticed; larger ones count by their RECORD.
SMALL = 300


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part)


@lru_cache(maxsize=4096)
def distribution_of(module: str, path: Path) -> str | None:
    """The distribution that installed a file, or None: a project's file, the standard library, an editable install."""
    if not could_be_installed(path):
        return None
    top = module.split(".")[0]
    return installed_as(top, path) or next((found for name in packages_by_module().get(top, ()) if (found := installed_as(name, path))), None)


def installed_as(name: str, path: Path) -> str | None:
    """The normal name of a distribution, where it installed this file."""
    found = distribution(name)
    return found.name if found is not None and found.root is not None and path.is_relative_to(found.root) and found.holds(path) else None


def distribution_holding(path: Path) -> str | None:
    """The same of a file whose module is not known."""
    folder = next((folder for folder in path.parents if str(folder) in search_path(tuple(sys.path))), None)
    return None if folder is None else distribution_of(path.relative_to(folder).parts[0].split(".")[0], path)


def could_be_installed(path: Path) -> bool:
    return any(has_distributions(folder) for folder in path.parents if str(folder) in search_path(tuple(sys.path)))


@cache
def has_distributions(folder: Path) -> bool:
    return next(folder.glob("*.dist-info"), None) is not None


@lru_cache(maxsize=8)
def search_path(entries: tuple[str, ...]) -> frozenset[str]:
    return frozenset(str(Path(entry).resolve()) for entry in entries if entry)


@cache
def packages_by_module() -> dict[str, list[str]]:
    return {module: list(names) for module, names in metadata.packages_distributions().items()}


@dataclass(frozen=True)
class InstalledDistribution:
    """A distribution as installed: its folder, and the text of its RECORD."""

    name: str
    version: str
    root: Path | None
    record: str
    requires: tuple[str, ...]

    def holds(self, path: Path) -> bool:
        name = path.relative_to(self.root or path).as_posix()
        return self.record.startswith(f"{name},") or f"\n{name}," in self.record

    def identity(self) -> list[str]:
        """Version, RECORD, and the Python files themselves where they are few."""
        files = [line.split(",")[0] for line in self.record.splitlines() if line.split(",")[0].endswith(".py")]
        content = fingerprint({name: contents(self.root / name) for name in files}) if self.root is not None and len(files) <= SMALL else ""
        return [self.version, hashlib.sha256(self.record.encode()).hexdigest(), content]


def contents(path: Path) -> str:
    return file_fingerprint(path) if path.is_file() else ""


@cache
def distribution(name: str) -> InstalledDistribution | None:
    try:
        found = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return None
    record = found.read_text("RECORD") or ""
    requires = tuple(one for one in (found.requires or ()) if "extra ==" not in one.replace("extra==", "extra =="))
    names = tuple(normal("".join(letter if letter.isalnum() or letter in "-_." else " " for letter in one).split()[0]) for one in requires if one.strip())
    root = Path(str(found.locate_file(""))).resolve()
    return InstalledDistribution(normal(found.metadata["Name"]), found.version, root, record, names)


def required_packages(names: Iterable[str]) -> set[str]:
    """The distributions with all that they require, those that cannot change a number left out."""
    found: set[str] = set()
    waiting = [name for name in names if name not in NEUTRAL_PACKAGES]
    while waiting:
        name = waiting.pop()
        if name not in found and (package := distribution(name)) is not None:
            found.add(name)
            waiting += [other for other in package.requires if other not in NEUTRAL_PACKAGES]
    return found


@cache
def package_identity(name: str) -> list[str]:
    found = distribution(name)
    return found.identity() if found is not None else []


@cache
def package_digest(name: str) -> str:
    """sha256 over a distribution as it is installed."""
    return fingerprint(package_identity(name))


@cache
def is_project_file(file: str) -> bool:
    """Whether a file is the project's own code. Distributions are looked for wherever the search path leads: behind a .pth file or in PYTHONPATH there may be
    another environment's packages."""
    return is_project_code(file) and distribution_holding(Path(file).resolve()) is None
