"""Every option of the plugin: command line first, then the environment (`HARNESS_…`), then the ini file (`harness_…`), then the default."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError

SCALES = ("smoke", "pilot", "full")
REFUSAL = "harness"  # the node id of the collection error by which an experiment is refused
ENGINES = ("local", "ray")
SEEDS = re.compile(r"\s*-?[0-9]{1,18}\s*(,\s*-?[0-9]{1,18}\s*)*")
TRUE, FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


@dataclass(frozen=True)
class Option:
    """One option: `--harness-<name>`, `HARNESS_<NAME>`, `harness_<name>`."""

    name: str
    help: str
    read: Callable[[str], Any] | None = None
    default: Any = None
    metavar: str | None = None

    @property
    def flag(self) -> str:
        return f"--harness-{self.name}"

    @property
    def ini(self) -> str:
        return "harness_" + self.name.replace("-", "_")

    @property
    def env(self) -> str:
        return self.ini.upper()


def choice(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"choose one of {', '.join(allowed)}")
        return text

    return read


def seeds(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in SEEDS.fullmatch(text)[0].split(","))  # type: ignore[index]
    except TypeError:
        raise ValueError("write whole numbers with commas between, for example 1,2,3") from None
    if len(set(found)) < len(found):
        raise ValueError("a seed stands twice; keep one of them")
    return found


def amount(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ValueError("write a number of at least 0")
    return value


OPTIONS = (
    Option("scale", "size of the run: smoke, pilot or full", choice(*SCALES), "smoke", "SCALE"),
    Option("plan", "show cells, cost and power; run nothing"),
    Option("run-dir", "write this run into DIR (one folder per experiment in it where several run)", str, None, "DIR"),
    Option("store", "the content-addressed store (default: .harness/store)", str, None, "DIR"),
    Option("seeds", "seeds in place of those declared, for example 1,2,3", seeds, None, "SEEDS"),
    Option("budget-usd", "refuse to start work whose plan costs more US dollars", amount, None, "X"),
    Option("budget-gpu-hours", "refuse to start work whose plan costs more GPU-hours", amount, None, "X"),
    Option("offline", "touch no network; what is not here is an error"),
    Option("engine", "local; ray (cells spread over machines) is not available yet", choice(*ENGINES), "local", "ENGINE"),
    Option("no-report", "end with results.json; `harness report DIR` writes the report"),
    Option("falsified-ok", "a falsified hypothesis leaves the exit code alone; gates, kills and errors do not"),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options as they hold in this session."""

    root: Path
    scale: Any
    plan: bool
    run_dir: Path | None
    store: Path
    seeds: tuple[int, ...] | None
    budget_usd: float | None
    budget_gpu_hours: float | None
    offline: bool
    engine: str
    no_report: bool
    falsified_ok: bool

    @property
    def reports(self) -> Path:
        return self.root / "reports"


def resolve(root: Path, given: Mapping[str, Any], ini: Callable[[str], str], environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the command line (`given`, by option name), the environment and the ini file. Raises HarnessError naming the source of a bad value."""
    found = {option.name.replace("-", "_"): value_of(option, given.get(option.name), ini, environ) for option in OPTIONS}
    found["run_dir"] = Path(found["run_dir"]).absolute() if found["run_dir"] else None
    found["store"] = Path(found["store"]).absolute() if found["store"] else root / ".harness" / "store"
    return Settings(root=root, **found)


def value_of(option: Option, given: Any, ini: Callable[[str], str], environ: Mapping[str, str]) -> Any:
    if option.read is None and given:
        return True
    for source, text in ((option.flag, given), (option.env, environ.get(option.env)), (option.ini, ini(option.ini))):
        if text not in (None, "", False):
            return read_text(option, source, str(text))
    return option.default if option.read else False


def read_text(option: Option, source: str, text: str) -> Any:
    if option.read is None:
        if text.lower() not in TRUE + FALSE:
            raise HarnessError(f"{source}={text} is neither yes nor no", mend=f"Write {source}=1 or leave it out")
        return text.lower() in TRUE
    try:
        return option.read(text)
    except ValueError as error:
        raise HarnessError(f"{source}={text} is not valid", mend=f"{error}".capitalize()) from None
