"""A run for analysis in Python: its results as records and as data frames, its samples read when they are asked for and checked against their seals."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from harness.appendlog import SEAL
from harness.errors import HarnessError, nearest
from harness.files import require_no_links
from harness.plaintext import count_of, one_line
from harness.records import Check, HypothesisResult, Interval, Measurement, Results
from harness.report.build import view_of
from harness.report.headline import outcome_in_words
from harness.report.notebook import to_data_frame, to_notebook
from harness.report.runs import find_run
from harness.report.sample_rows import Samples, arm_of, read_rows
from harness.report.view import SYMBOLS, View
from harness.run.verification import why_unverified

if TYPE_CHECKING:
    from pandas import DataFrame


class LoadedRun:
    """A run as `load` gives it. Its data frames need pandas, everything else does without.

    `folder` is where it was read; `warning` says why its results may not be what the run measured, "" where its journal gives them.
    """

    def __init__(self, folder: Path) -> None:
        require_no_links(folder, "samples")
        self.folder = folder
        self.view: View = view_of(folder, noted=False)
        superseded = f"superseded {self.view.superseded}" if self.view.superseded else ""
        self.warning = "; ".join(filter(None, (superseded, why_unverified(folder))))

    @property
    def results(self) -> Results:
        return self.view.results

    @property
    def verdict(self) -> str:
        """The verdict of the primary hypothesis."""
        return self.results.verdict

    @cached_property
    def cells(self) -> DataFrame:
        """A row for each cell, by its address in results.json: verdict, parameters, and the effect that its criterion judged. A cell without one has none."""
        effects = self.view.effects
        rows = [
            join_fields(
                {"address": at, "id": cell.id, "owner": cell.owner, "kind": cell.kind, "verdict": cell.verdict, "reason": cell.reason}
                | {"measurement": effects[at].measured_at or None, **number_fields(effects[at].measurement)},
                cell.params,
            )
            for at, cell in self.view.cells
        ]
        return to_data_frame(rows, index="address")

    @cached_property
    def measurements(self) -> DataFrame:
        """A row for each measurement, by its address in results.json; `cell` is the id of its cell, `low`, `high` and `level` are its interval."""
        rows = [
            {"address": row.measured_at, "cell": row.cell.id, "name": row.measurement.name}
            | number_fields(row.measurement)
            | {name: getattr(row.measurement, name) for name in ("p_floor", "sampling_unit", "seeds", "note", "doubt", "unsampled", "fingerprint")}
            for row in self.view.rows
            if row.measurement
        ]
        return to_data_frame(rows, index="address") if rows else to_data_frame([], ["cell", "name", *number_fields(None)])

    @cached_property
    def samples(self) -> DataFrame:
        """Every row of every samples file, once: `file`, `cells` (the ids of those that rest on it) and `arm` (the file's name without its hash), then its own
        fields. `samples.explode("cells")` has a row for each cell. Raises HarnessError naming the first damaged file."""
        return to_data_frame([row for file in self.sample_files for row in self._rows_with_place(file)])

    @property
    def sample_files(self) -> tuple[str, ...]:
        """The samples files that a measurement rests on, as paths in the run folder."""
        return tuple(self.view.sample_refs)

    def rows(self, file: str) -> list[dict[str, Any]]:
        """The rows of a samples file. Raises HarnessError where it is none of this run's, or is not what the run recorded, to the last byte."""
        refs = Samples(self.folder, self.view).refs
        if file not in refs:
            raise HarnessError(f"no measurement rests on {file!r}", where=str(self.folder), mend=nearest(file, refs))
        place, mend = str(self.folder / file), "Copy the run again; `harness verify` names every damaged file"
        try:
            rows, trouble = read_rows(self.folder, refs[file])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise HarnessError(f"not JSON lines: {one_line(str(error))}", where=place, mend=mend) from None
        if trouble:
            raise HarnessError(trouble, where=place, mend=mend)
        return [{name: value for name, value in row.items() if name != SEAL} for row in rows]

    def _rows_with_place(self, file: str) -> list[dict[str, Any]]:
        cells = tuple(dict.fromkeys(cell for cell, _ in self.view.sample_refs[file]))
        return [join_fields({"file": file, "cells": cells, "arm": arm_of(file)}, row) for row in self.rows(file)]

    def __repr__(self) -> str:
        results = self.results
        head = f"{results.experiment}, {results.execution.run}: {results.verdict} ({results.confidence.level} confidence), {self._counts}"
        return "\n".join(one_line(line) for line in (head, results.headline, outcome_in_words(results), self._warned) if line)

    @property
    def _counts(self) -> str:
        measured = sum(len(cell.measurements) for cell in self.results.cells)
        return f"{count_of(len(self.results.cells), 'cell', 'cells')}, {count_of(measured, 'measurement', 'measurements')}"

    @property
    def _warned(self) -> str:
        return "; ".join(filter(None, ("" if self.results.complete else "INCOMPLETE", self.warning and f"WARNING: {self.warning}")))

    def _repr_html_(self) -> str:
        results = self.results
        confidence = f"Confidence: {results.confidence.level} - {results.confidence.reason}. {self._counts}."
        decided: list[HypothesisResult | Check] = [*(one for _, one in self.view.hypotheses), *(one for _, one in self.view.checks)]
        rows = [(one.id, f"{SYMBOLS.get(one.verdict, '')} {one.verdict}", one.statement, one.reason) for one in decided]
        paragraphs = (f"{results.verdict}: {results.headline}", confidence, self._warned)
        return to_notebook(f"{results.experiment}: {results.title}", paragraphs, ("", "verdict", "statement", "reason"), rows)


def load(run: str | os.PathLike[str]) -> LoadedRun:
    """A run that has ended, by what `harness.report.runs.find_run` takes: its folder, the folder or name of its experiment (its latest run), or a name that is
    unique below `reports`. Nothing is written. Warns where the results are not what the run's journal gives, or were superseded.

    Raises HarnessError where there is none, where it was killed before it could decide, and for results of an older version.
    """
    if not isinstance(run, str | os.PathLike):
        raise HarnessError(f"{run!r:.80} names no run", where="load", mend="Give a run folder, such as reports/<experiment>/latest")
    found = LoadedRun(find_run(os.fspath(run)).resolve())
    if found.warning:
        warnings.warn(f"{found.folder.name}: {one_line(found.warning)}", stacklevel=2)
    return found


def number_fields(measured: Measurement | None) -> dict[str, Any]:
    """The columns of a number; None where there is none."""
    interval: Interval | None = measured.interval if measured else None
    plain = {name: getattr(measured, name, None) for name in ("value", "unit", "n", "p", "p_method")}
    return plain | {name: getattr(interval, name, None) for name in ("low", "high", "level")}


def join_fields(own: dict[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Both; a field of the others whose name is taken gets an underscore behind it."""
    return own | {f"{name}_" if name in own else name: value for name, value in others.items()}
