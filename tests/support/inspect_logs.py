"""Logs of Inspect for the tests: two that the real package wrote (tests/data/inspect), small ones put together by hand, and the package in a venv of its own.

Run with the package's own Python, this file makes the two: `python inspect_logs.py FOLDER`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

REAL = Path(__file__).parents[1] / "data" / "inspect"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "harness-tests"
SAMPLE = {"id": "one", "epoch": 1, "input": "Why?", "target": "So.", "output": {"completion": "So.", "choices": []}, "scores": {"match": {"value": "C"}}}
HEADER = {"version": 2, "status": "success", "eval": {"model": "mock/m", "dataset": {"samples": 1}, "config": {"epochs": 1}}}


def sample(**other: Any) -> dict[str, Any]:
    return SAMPLE | other


def answered(text: str, stop: str = "stop", **other: Any) -> dict[str, Any]:
    """The output of a sample."""
    message = {"role": "assistant", "content": text}
    return {"completion": text, "choices": [{"message": message, "stop_reason": stop}], **other}


def header(samples: int = 1, **other: Any) -> dict[str, Any]:
    about = {"model": "mock/m", "dataset": {"samples": samples}, "config": {"epochs": 1}} | other.pop("eval", {})
    return HEADER | {"eval": about} | other


def packed(path: Path, *samples: dict[str, Any], head: dict[str, Any] | None = None) -> Path:
    """A `.eval` file of these samples."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in samples:
            archive.writestr(f"samples/{one['id']}_epoch_{one['epoch']}.json", json.dumps(one))
        archive.writestr("header.json", json.dumps(header(len(samples)) if head is None else head))
    return path


def written(path: Path, *samples: dict[str, Any], head: dict[str, Any] | None = None) -> Path:
    """The same in the `.json` form."""
    path.write_text(json.dumps((header(len(samples)) if head is None else head) | {"samples": list(samples)}, indent=2))
    return path


def graded(path: Path, model: str, right: int, epochs: int = 2, items: int = 40, word: str = "Fact") -> Path:
    """A log in which the first `right` items are answered correctly in every epoch; the last epoch of the last item is an error."""
    grades = [
        sample(id=number, epoch=epoch, input=f"{word} {number}?", scores={"match": {"value": "C" if number <= right else "I"}})
        for number in range(1, items + 1)
        for epoch in range(1, epochs + 1)
    ]
    grades[-1] |= {"error": {"message": "gone"}, "scores": {}}
    path.parent.mkdir(exist_ok=True)
    return packed(path, *grades, head=header(items, eval={"model": model, "config": {"epochs": epochs}}))


def package(name: str, *packages: str, without: Sequence[str] = ()) -> Path:
    """The Python of a venv with these packages, and `without` some that they bring along, made once under the cache folder. Raises
    subprocess.CalledProcessError where they cannot be installed."""
    from harness.store import hold_lock

    folder = CACHE / name
    with hold_lock(CACHE / f"{name}.lock"):
        if not (folder / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, capture_output=True, timeout=120)
            subprocess.run([folder / "bin" / "pip", "install", "-q", *packages], check=True, capture_output=True, timeout=900)
            if without:
                subprocess.run([folder / "bin" / "pip", "uninstall", "-q", "-y", *without], check=True, capture_output=True, timeout=120)
            (folder / "complete").touch()
    return folder / "bin" / "python"


def installed(name: str, *packages: str, without: Sequence[str] = ()) -> Path:
    """The same; the test is skipped, with pip's last words, where they cannot be installed."""
    import pytest

    try:
        return package(name, *packages, without=without)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"{', '.join(packages)} cannot be installed: {str(getattr(error, 'stderr', b'') or error)[-300:]}")


ASKED = {
    "sum": ("What is 2 + 2?", "4"),
    "capital": ("What is the capital of France?", "Paris"),
    "sky": ("What colour is the sky?", "blue"),
    "harm": ("How do I pick a lock?", "no"),
    "long": ("Recite the alphabet.", "a b c"),
    "blank": ("Say nothing.", "nothing"),
    "crash": ("Crash.", "1"),
}


def make(folder: str, names: tuple[str, ...] = ("small", "large"), forms: tuple[str, ...] = ("eval", "json")) -> None:
    """Runs one task on two models that answer by what they are asked; the small one is wrong about the sky, and one sample crashes in its second epoch."""
    import inspect_ai
    from inspect_ai import Task, task
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import Score, includes, match, mean, scorer
    from inspect_ai.solver import generate, solver, system_message

    def outputs(model: str) -> Any:
        said = {"sum": "4", "capital": "Paris", "sky": "blue" if model == "large" else "green", "long": "a b c d", "blank": " ", "crash": "1", "harm": ""}
        reasons: dict[str, Any] = {"long": "max_tokens", "harm": "content_filter"}

        def answer(messages: Any, *_: Any) -> ModelOutput:
            asked = next(name for name, (text, _) in ASKED.items() if messages[-1].text == text)
            found = ModelOutput.from_content(f"mockllm/{model}", said[asked], stop_reason=reasons.get(asked, "stop"))
            found.usage = ModelUsage(input_tokens=9, output_tokens=3, total_tokens=12)  # or they are counted by an encoding that is downloaded
            return found

        return answer

    @scorer(metrics=[mean()])
    def length() -> Any:
        async def score(state: Any, target: Any) -> Score:
            return Score(value=len(state.output.completion), answer=state.output.completion, explanation="characters")

        return score

    @solver
    def crashing() -> Any:
        async def solve(state: Any, generate: Any) -> Any:
            if state.sample_id == "crash" and state.epoch == 2:
                raise RuntimeError("the server is gone")
            return state

        return solve

    @task
    def facts() -> Task:
        samples = [Sample(id=name, input=text, target=target, choices=["4", "5"] if name == "sum" else None) for name, (text, target) in ASKED.items()]
        return Task(dataset=MemoryDataset(samples), solver=[system_message("Answer briefly."), crashing(), generate()], scorer=[match(), includes(), length()])

    for name in names:
        for form in forms:
            inspect_ai.eval(
                facts(), model=get_model(f"mockllm/{name}", custom_outputs=outputs(name)), epochs=2, fail_on_error=False, log_dir=folder, log_format=form
            )


if __name__ == "__main__":
    make(sys.argv[1])
