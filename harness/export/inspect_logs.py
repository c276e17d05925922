"""Each samples file of a run as a log of Inspect (`.eval`, format 2), for `inspect view` and its readers. Equal runs give equal bytes.

A row is a sample, its replicate the epoch. A row that is an error, or empty, is an error there and has no score; what was refused or cut has none either,
since it counts as no answer here.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from harness.export.tables import samples_of
from harness.fingerprint import fingerprint
from harness.plaintext import visible
from harness.records import Measurement, Results
from harness.report.sample_rows import OPTIONS, arm_of, is_described_as, turns_in
from harness.report.view import View
from harness.run.outcomes import numeric_fields

Row = Mapping[str, Any]
STOPPED = {"truncated": "max_tokens", "refused": "content_filter"}
HASH = re.compile(r"[0-9a-f]{64}")
OWN = ("item", "replicate", "status", "prompt", "system", "target", "text", "model", "error", "messages", "picked", *OPTIONS)
# Tokens that our rows tell apart, and how Inspect calls them.
TOKENS = ("input_tokens", "output_tokens")
TOKENS_APART = {"cached_tokens": "input_tokens_cache_read", "written_tokens": "input_tokens_cache_write", "reasoning_tokens": "reasoning_tokens"}
NO_ERROR = {"traceback": "", "traceback_ansi": ""}
DAY = (1980, 1, 1, 0, 0, 0)  # of every member, so that equal logs are equal files


def write_inspect(folder: Path, run: Path, view: View, notes: list[str]) -> None:
    """One log for each samples file. One that is not what the run recorded is left out, and named in `notes`."""
    for path, rows in samples_of(run, view, notes):
        log = Log(view, path, rows)
        with zipfile.ZipFile(folder / log.file_name, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, value in log.members().items():
                member = zipfile.ZipInfo(name, DAY)
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, json.dumps(value, allow_nan=False))


class Log:
    """The parts of one log, as JSON values."""

    def __init__(self, view: View, path: str, rows: Sequence[Row]) -> None:
        self.view, self.path, self.rows = view, path, rows
        self.results: Results = view.results
        described = self.descriptions()
        self.described = agreed(described)
        # scores of answers tell in a part of their own how those came about
        self.answered = agreed([about["answers"] if isinstance(about.get("answers"), dict) else about for about in described])
        self.model = self.name_model()
        self.scored = numeric_fields(rows)
        self.samples = [self.sample(row, epoch) for row, epoch in zip(rows, epochs_of(rows), strict=True)]

    def descriptions(self) -> list[dict[str, Any]]:
        """What was said of samples of this name: several where cells gave one name to samples that differ, which the results number."""
        told = self.results.facts.get("Eval", {})
        return [about for name, about in told.items() if isinstance(about, dict) and is_described_as(self.path, name)]

    def name_model(self) -> str:
        """The spec of who answered, or the name in a recording; behind @, the fingerprint of weights that are not all of it (an adapter)."""
        specs, weights = list(self.results.facts.get("Model", {})), str(self.answered.get("model") or "")
        named = next((str(row["model"]) for row in self.rows if row.get("model")), "") or str(self.answered.get("spec") or "")
        if named or not HASH.fullmatch(weights):
            return named or weights or "none/none"  # Inspect's own name for no model
        return f"{specs[0]}@{weights[:12]}" if len(specs) == 1 else f"model/{weights[:12]}"

    @property
    def task_id(self) -> str:
        return fingerprint([self.results.execution.run, self.path])[:22]

    @property
    def file_name(self) -> str:
        """The name by which Inspect lists it: time, task, id."""
        task = f"{self.results.experiment}-{arm_of(self.path)}".replace("_", "-")
        return f"{self.results.execution.started.replace(':', '-').replace('Z', '+00-00')}_{task}_{self.task_id}.eval"

    def members(self) -> dict[str, Any]:
        start = {"version": 2, "eval": self.spec(), "plan": {"name": "plan", "steps": [{"solver": "harness", "params": {}}], "config": {}}}
        times = {"started_at": self.time(self.results.execution.started), "completed_at": self.time(self.results.execution.ended)}
        header = {**start, "status": "success", "results": self.scores(), "stats": {**times, "model_usage": {}}}
        samples = {f"samples/{sample['id']}_epoch_{sample['epoch']}.json": sample for sample in self.samples}
        return {"_journal/start.json": start, **samples, "summaries.json": list(map(summary, self.samples)), "header.json": header}

    @staticmethod
    def time(text: str) -> str:
        return text.replace("Z", "+00:00")

    def spec(self) -> dict[str, Any]:
        """What was asked of whom; verdicts, and the numbers that rest on these samples with their addresses, are its metadata."""
        ids = list(dict.fromkeys(sample["id"] for sample in self.samples))
        scorers = [{"name": name, "options": {}, "metrics": [{"name": "mean", "options": {}}], "metadata": {}} for name in self.scored]
        packages = self.results.environment.get("packages") or {}
        told = {name: value for name, value in self.described.items() if name != "system"}
        return {
            "eval_id": self.task_id,
            "run_id": fingerprint(self.results.execution.run)[:22],
            "created": self.time(self.results.execution.started),
            "task": f"{self.results.experiment}/{arm_of(self.path)}",
            "task_id": self.task_id,
            "task_version": 0,
            "task_args": told,
            "tags": [str(self.results.verdict)],
            "dataset": {"name": str(self.described.get("dataset") or self.path), "samples": len(ids), "sample_ids": ids, "shuffled": False},
            "model": self.model,
            "config": {"epochs": max((sample["epoch"] for sample in self.samples), default=1), "fail_on_error": False},
            "packages": {name: version for name, version in packages.items() if isinstance(version, str)},
            "scorers": scorers,
            "metadata": {"harness": self.provenance()},
        }

    def provenance(self) -> dict[str, Any]:
        resting = [row for row in self.view.rows if row.measurement and any(ref.path == self.path for ref in row.measurement.samples)]
        return {
            **{name: getattr(self.results, name) for name in ("experiment", "title", "question", "headline", "verdict", "scale")},
            "run": self.results.execution.run,
            "samples": self.path,
            "hypotheses": [{"address": at, "verdict": found.verdict, "reason": found.reason} for at, found in self.view.hypotheses],
            "cells": {row.at: row.cell.verdict for row in resting},
            "measurements": [{"address": row.measured_at, **number_of(row.measurement)} for row in resting if row.measurement],
        }

    def sample(self, row: Row, epoch: int) -> dict[str, Any]:
        status, text = str(row.get("status", "ok")), text_of(row)
        asked = self.asked(row)
        turns = [{"role": role, "content": told} for role, told in under_system(asked, row.get("system", self.answered.get("system")))]
        answer = {"role": "assistant", "content": text, "model": self.model} | ({} if row.get("picked") else {"source": "generate"})
        stop = "unknown" if status == "error" else STOPPED.get(status, "stop")
        options = next((list(map(str, row[name])) for name in OPTIONS if isinstance(row.get(name), list)), None)
        made: dict[str, Any] = {
            "id": visible(str(row.get("item", "")), keep=""),
            "epoch": epoch,
            "input": asked[0][1] if len(asked) == 1 else turns,
            "target": target_of(row),
            "messages": [*turns, *([answer] if text or status in STOPPED else [])],
            "output": {"model": self.model, "choices": [{"message": answer, "stop_reason": stop}], "completion": text},
            "scores": self.sample_scores(row) if status == "ok" else {},
            "metadata": {"status": status} | {name: value for name, value in row.items() if name not in (*OWN, *TOKENS, *TOKENS_APART, *self.scored)},
        }
        if options is not None:
            made["choices"] = options
        if tokens := tokens_of(row):
            made["model_usage"] = {self.model: tokens}
            made["output"]["usage"] = tokens
        if status in ("error", "empty"):
            made["error"] = {"message": str(row.get("error") or ("an empty answer" if status == "empty" else "no message")), **NO_ERROR}
        return made

    def asked(self, row: Row) -> list[tuple[str, str]]:
        """The turns, and what stands for them where a row names none. Rows of earlier versions hold the bare statement, their measure the words around it."""
        turns, template = turns_in(row), str(self.described.get("asked") or "")
        if "statement" in row and "prompt" not in row and "{statement}" in template:
            return [("user", template.replace("{statement}", str(row["statement"])))]
        return turns or [("user", visible(str(row.get("item", ""))))]

    def sample_scores(self, row: Row) -> dict[str, Any]:
        """The numbers and truth values of a row; what was not measured has none."""
        told = {"explanation": str(row["reason"])} if row.get("reason") else {}
        told |= {"answer": answer} if (answer := str(row.get("pick") or text_of(row))) else {}
        return {name: {"value": row[name], **told} for name in self.scored if row.get(name) is not None}

    def scores(self) -> dict[str, Any]:
        """The mean of each score over the samples that have it, as Inspect shows them; our own numbers are in the metadata."""
        found = []
        for name in self.scored:
            values = [float(sample["scores"][name]["value"]) for sample in self.samples if name in sample["scores"]]
            metrics = {"mean": {"name": "mean", "value": fmean(values), "params": {}}} if values else {}
            counts = {"scored_samples": len(values), "unscored_samples": len(self.samples) - len(values)}
            found.append({"name": name, "scorer": name, "params": {}, "metrics": metrics, **counts})
        whole = sum("error" not in sample for sample in self.samples)
        return {"total_samples": len(self.samples), "completed_samples": whole, "scores": found}


def epochs_of(rows: Sequence[Row]) -> list[int]:
    """The epoch of each row: the next of its item, in file order, since Inspect knows a sample by id and epoch alone."""
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        name = visible(str(row.get("item", "")), keep="")
        seen[name] = seen.get(name, 0) + 1
        found.append(seen[name])
    return found


def agreed(told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What all of them say alike; nothing else is known of samples that each of them could be."""
    return {name: value for name, value in (told[0] if told else {}).items() if all(name in other and other[name] == value for other in told)}


def target_of(row: Row) -> str | list[str]:
    """What is right: one text, or a list of those that are."""
    found = row.get("target", row.get("answer"))
    return list(map(str, found)) if isinstance(found, list) else "" if found is None else str(found)


def under_system(asked: Sequence[tuple[str, str]], system: Any) -> list[tuple[str, str]]:
    """The turns under a system prompt, as a responder puts it: one of the conversation's own follows after a blank line."""
    own = [text for role, text in asked if role == "system"]
    told = [system, *own] if isinstance(system, str) else own
    return [*([("system", "\n\n".join(told))] if told else []), *(turn for turn in asked if turn[0] != "system")]


def text_of(row: Row) -> str:
    """What was answered: the turn that the model rather says of those that were compared, else its text, else the label of an option."""
    return str(row.get("picked") or row.get("text") or row.get("pick") or "")


def tokens_of(row: Row) -> dict[str, int]:
    counts = {name: row[name] for name in TOKENS if isinstance(row.get(name), int)}
    apart = {theirs: row[ours] for ours, theirs in TOKENS_APART.items() if isinstance(row.get(ours), int)}
    return {**counts, "total_tokens": sum(counts.values()), **apart} if counts else {}


def number_of(measured: Measurement) -> dict[str, Any]:
    """A number with what makes it one."""
    interval = {name: getattr(measured.interval, name) for name in ("low", "high", "level")} if measured.interval else {}
    return {**{name: getattr(measured, name) for name in ("name", "value", "unit", "n", "sampling_unit", "p")}, **interval}


def summary(sample: Mapping[str, Any]) -> dict[str, Any]:
    """What lists show of a sample."""
    kept = {name: sample[name] for name in ("id", "epoch", "input", "choices", "target", "scores", "model_usage") if name in sample}
    error = {"error": sample["error"]["message"]} if "error" in sample else {}
    return {**kept, **error, "completed": True, "message_count": len(sample["messages"])}
