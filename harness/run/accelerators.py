"""Which accelerator is a worker's own: workers that all took the first would fill its memory and wait for each other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"


def visible_device(number: int, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variable that leaves a process one of the accelerators that are visible here, the `number`-th in turn; nothing where there are none."""
    devices = [name for name in environ.get(VISIBLE, ",".join(installed_devices())).split(",") if name.strip()]
    return {VISIBLE: devices[number % len(devices)]} if devices else {}


def installed_devices() -> list[str]:
    """The numbers of this machine's NVIDIA devices, without loading anything."""
    return sorted(path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia[0-9]*"))
