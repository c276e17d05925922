"""Every option of the plugin: command line first, then the environment (`HARNESS_…`), then the ini file (`harness_…`), then the default."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.store import Store

REFUSAL = "harness"  # the node id of the collection error by which an experiment is refused
SCALE = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
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


def scale(text: str) -> str:
    if not SCALE.fullmatch(text):
        raise ValueError("write the name of a scale, such as smoke, pilot or full")
    return text


def models(text: str) -> str:
    if not text.strip().strip(","):
        raise ValueError("write the name of a model set, or members with commas between, for example gpt-4o,llama-3.1-405b")
    return text.strip()


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


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError("write a whole number from 1 on")
    return int(text)


OPTIONS = (
    Option("scale", "size of the run: smoke, pilot, full, or another scale that the experiment declares", scale, "smoke", "SCALE"),
    Option("plan", "show cells, cost and power; run nothing"),
    Option("run-dir", "write this run into DIR (one folder per experiment in it where several run)", str, None, "DIR"),
    Option("store", "the content-addressed store, a folder or a URL such as s3://bucket/folder (default: .harness/store)", str, None, "DIR"),
    Option("seeds", "seeds in place of those declared, for example 1,2,3", seeds, None, "SEEDS"),
    Option("models", "a model set in place of the declared one, or members of it with commas between: NAME or a,b,c", models, None, "MODELS"),
    Option("budget-usd", "refuse to start work whose plan costs more US dollars", amount, None, "X"),
    Option("budget-gpu-hours", "refuse to start work whose plan costs more GPU-hours", amount, None, "X"),
    Option("offline", "touch no network; what is not here is an error"),
    Option("engine", "what runs the cells: local (this process, or those of -n), subprocess or ray", str, "local", "ENGINE"),
    Option("sessions", "how many sessions the engines subprocess and ray run (default: 2, and one for each accelerator of the cluster)", count, None, "N"),
    Option("ray-address", "the Ray cluster to join, such as auto or ray://head:10001 (default: one on this machine)", str, None, "ADDRESS"),
    Option("mixed-gpus", "why sessions on different kinds of accelerators may be mixed; otherwise they are refused", str, None, "REASON"),
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
    models: str | None
    budget_usd: float | None
    budget_gpu_hours: float | None
    offline: bool
    engine: str
    sessions: int | None
    ray_address: str | None
    mixed_gpus: str | None
    no_report: bool
    falsified_ok: bool
    store_url: str = ""
    depot: Any = None  # where entries of a shared store lie (harness.shared_store.Depot)
    lease: Callable[[str], Any] = nullcontext  # what holds one of them against other machines

    def open_store(self) -> Store:
        """The store of this session: a folder, or one that is filled from where its entries lie. Raises HarnessError for a URL that cannot be opened."""
        if self.depot is None and not self.store_url:
            from harness.store import Store

            return Store(self.store)
        from harness.object_store import ObjectStore
        from harness.shared_store import SharedStore

        return SharedStore(self.store, self.depot or ObjectStore(self.store_url), self.lease)

    @property
    def reports(self) -> Path:
        return self.root / "reports"


def resolve(root: Path, given: Mapping[str, Any], ini: Callable[[str], str], environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the command line (`given`, by option name), the environment and the ini file. Raises HarnessError naming the source of a bad value."""
    found = {option.name.replace("-", "_"): value_of(option, given.get(option.name), ini, environ) for option in OPTIONS}
    found["run_dir"] = Path(found["run_dir"]).absolute() if found["run_dir"] else None
    found["store"], found["store_url"] = place_store(found["store"], root)
    return Settings(root=root, **found)


def place_store(given: str | None, root: Path) -> tuple[Path, str]:
    """(the folder of this machine, the URL of a store whose entries lie elsewhere or "")."""
    if given and "://" in given:
        from harness.fingerprint import fingerprint

        return root / ".harness" / "cache" / fingerprint(given)[:12], given
    return (Path(given).absolute() if given else root / ".harness" / "store"), ""


def value_of(option: Option, given: Any, ini: Callable[[str], str], environ: Mapping[str, str]) -> Any:
    if option.read is None and given:
        return True
    if given == "":  # a variable of the shell that is not set, say; in the environment and the ini file it means the default
        raise HarnessError(f"{option.flag} is empty", mend="Give it a value, or leave it out")
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
