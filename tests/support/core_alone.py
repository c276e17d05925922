"""`python core_alone.py WORD…`: the command `harness` where nothing but the core's dependencies can be imported, as after `pip install harness-evals`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from harness.cli import main
from harness.commands import EXTRAS

REFUSED = frozenset(name for modules in EXTRAS.values() for name in modules.split())


class Refuse:
    """Finds none of the modules that extras bring."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> None:
        if name.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


if __name__ == "__main__":
    sys.meta_path.insert(0, Refuse())  # type: ignore[arg-type]
    sys.exit(main(sys.argv[1:]))
