"""What is done while a training runs: checkpoints in time, finished epochs handed on, a lost training stopped."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.errors import HarnessError

# A checkpoint of a small adapter takes a tenth of a second; a kill then loses at most about this many seconds.
SAVE_EVERY_S = 30.0


class Watch:
    """Decides what is saved, hands on what is to be kept, and stops a training that has lost its way."""

    def __init__(self, epochs: dict[int, int], kept: Callable[[int, Path], None], tick: Callable[[int, int], None] | None) -> None:
        self.epochs, self.kept, self.tick = epochs, kept, tick
        self.saved = time.monotonic()

    def due(self, step: int) -> bool:
        """True where an epoch to keep ends, or the last checkpoint is old."""
        return step in self.epochs or time.monotonic() - self.saved > SAVE_EVERY_S

    def on_saved(self, step: int, folder: Path) -> None:
        self.saved = time.monotonic()
        if step in self.epochs:
            self.kept(self.epochs[step], folder)

    def check(self, step: int, row: dict[str, Any]) -> None:
        for name in ("loss", "grad_norm"):
            if name in row and not math.isfinite(float(row[name])):
                raise HarnessError(
                    f"the {name} is {row[name]} at step {step}", where="training", mend="Lower the learning rate, or look at the rows of that step", code="T207"
                )


def callback(watch: Watch) -> Any:
    """The watch in the form that the trainer calls."""
    from transformers import TrainerCallback

    class Calls(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            control.should_save = watch.due(state.global_step)
            if watch.tick is not None:
                watch.tick(state.global_step, state.max_steps)

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            watch.on_saved(state.global_step, Path(args.output_dir) / f"checkpoint-{state.global_step}")

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:  # noqa: ARG002
            watch.check(state.global_step, logs or {})

    return Calls()
