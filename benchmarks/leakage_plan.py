"""What planning evals/persona_leakage costs: seconds of `pytest --harness-plan`, cells and pieces of work, and whether a model was touched.

    python benchmarks/leakage_plan.py [--scale full] [--repeats 3]

Each timing is a process of its own with an empty store, from start to exit: imports, collection, rows of every training, power simulations. One more process
plans again and then tells which of torch, transformers and their like it has imported: none may be there, and without torch no model was loaded.
A scale that experiment.yaml does not have is replaced by smoke, and said so.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
EXPERIMENT = "evals/persona_leakage"
BOUND_S = 10
HEAVY = ("torch", "transformers", "peft", "safetensors", "sklearn")
# Plans in this process, then tells pytest's exit code and which heavy modules came along.
LOOK = "import json, sys, pytest; code = pytest.main(sys.argv[2:]); print(json.dumps([int(code), [m for m in sys.argv[1].split() if m in sys.modules]]))"


def run(*words: str) -> tuple[str, float]:
    """Standard output and wall seconds of one Python process; exit codes 0 and 1 (findings of the plan) are answers."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise SystemExit(f"{words} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout, seconds


def plan(scale: str, *python: str) -> tuple[str, float]:
    """Plans on an empty store, `python` being the first words of the command."""
    with tempfile.TemporaryDirectory() as store:
        return run(*python, EXPERIMENT, "--harness-plan", "--harness-scale", scale, "-q", "-p", "no:cacheprovider", "--harness-store", store)


def known(scale: str) -> str:
    """The scale, or smoke where the experiment does not have it."""
    scales = yaml.safe_load((ROOT / EXPERIMENT / "experiment.yaml").read_text(encoding="utf-8"))["scales"]
    if scale in scales:
        return scale
    print(f"experiment.yaml has no scale {scale!r} (only {', '.join(scales)}): smoke is planned instead")
    return "smoke"


def counts(told: str) -> list[str]:
    """The plan's own lines on cells and pieces of work. Exits where there is no plan: what was timed was something else then."""
    found = [line.strip() for line in told.splitlines() if line.strip().startswith(("cells: ", "work: "))]
    if not found:
        raise SystemExit(f"pytest printed no plan:\n{told[-2000:]}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="full", choices=("smoke", "pilot", "full"))
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    scale = known(options.scale)
    plans = [plan(scale, "-m", "pytest") for _ in range(options.repeats)]
    lines, seconds = counts(plans[-1][0]), [spent for _, spent in plans]
    print(f"plan at scale {scale}: median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s of {len(seconds)} (bound: {BOUND_S})", flush=True)
    print("\n".join(lines), flush=True)
    looked, _ = plan(scale, "-c", LOOK, " ".join(HEAVY))
    code, heavy = json.loads(looked.splitlines()[-1])
    print(f"imported by the plan (exit code {code}): {', '.join(heavy) or 'none'} of {', '.join(HEAVY)} (bound: none)")


if __name__ == "__main__":
    main()
