"""`harness export`: a run in the forms of other tools."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from harness.cli.command import CLEAN, FINDINGS, Answer, add_command, add_run
from harness.commands import install_extra
from harness.errors import HarnessError
from harness.plaintext import count_of

FORMS = {
    "csv": "tables of measurements, cells and samples for a spreadsheet",
    "parquet": "the same tables with their types (needs harness-evals[data])",
    "inspect": "a log of Inspect (.eval) for each samples file",
    "hub": "each adapter that the run trained, in the form of PEFT and the Hugging Face Hub, with a model card",
}
MORE = (
    "The folder is written whole or not at all. One that is there is replaced only where it is an unaltered export of the same run in the same form. "
    "Exit code 1: something of the run cannot be exported, or its results cannot be verified; a line says what and why."
)


def add(commands: Any) -> None:
    export = add_command(commands, "export", run, "write a run as tables, Inspect logs or adapters for other tools", MORE)
    add_run(export, "run_folder", metavar="RUN")
    forms = export.add_mutually_exclusive_group(required=True)
    for name, about in FORMS.items():
        forms.add_argument(f"--{name}", dest="form", action="store_const", const=name, help=about)
    export.add_argument("--out", type=Path, default=None, metavar="DIR", help="where the export goes (default: RUN/exports/<form>)")
    store = os.environ.get("HARNESS_STORE") or None
    told = "with --hub: the store with the adapters (default: HARNESS_STORE, or .harness/store above RUN)"
    export.add_argument("--store", type=Path, default=store, metavar="DIR", help=told)


def run(arguments: argparse.Namespace) -> Answer:
    from harness.export.folder import STAMP, export_folder
    from harness.report.build import view_of
    from harness.report.runs import find_run
    from harness.run.verification import why_unverified
    from harness.store import digests

    folder, form = find_run(arguments.run_folder).resolve(), arguments.form
    view, notes = view_of(folder, noted=False), list[str]()
    out = arguments.out or folder / "exports" / form
    with export_folder(out.absolute(), form, folder, view.results) as fresh:
        write_form(form, fresh, folder, view, arguments.store, notes)
        files = sorted(name for name in digests(fresh) if name != STAMP)
    notes += filter(None, [why_unverified(folder)])
    value = {"out": str(out), "form": form, "run": view.results.execution.run, "files": files, "notes": notes}
    return (FINDINGS if notes else CLEAN), value, [f"export: {out} ({count_of(len(files), 'file', 'files')})", *notes]


def write_form(form: str, fresh: Path, folder: Path, view: Any, store: Path | None, notes: list[str]) -> None:
    from harness.export.tables import tables_of, write_csv, write_parquet

    if form == "inspect":
        from harness.export.inspect_logs import write_inspect

        write_inspect(fresh, folder, view, notes)
    elif form == "hub":
        from harness.export.hub import write_adapters

        write_adapters(fresh, folder, view, store, notes)
    else:
        if form == "parquet":
            require_pyarrow()
        for table in tables_of(folder, view, notes):
            (write_csv if form == "csv" else write_parquet)(fresh, table)


def require_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise HarnessError("--parquet needs pyarrow, which is not installed", mend=install_extra("data")) from None
