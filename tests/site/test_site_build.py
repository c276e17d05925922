"""Which runs a site shows, what each page holds, and what a second build does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest

from harness.appendlog import AppendLog
from harness.cli import main
from harness.errors import HarnessError
from harness.records import encode
from harness.site.build import build_site
from harness.store import write_json
from sample_run import results
from seen_report import Seen


def pages_of(site: Path) -> dict[str, str]:
    return {path.relative_to(site).as_posix(): path.read_text() for path in site.rglob("*.html")}


def rows_of(text: str) -> list[str]:
    return text.split("<tbody>")[1].split("<tr data-row")[1:]


def test_every_run_has_its_pages(site: Path) -> None:
    """An index, a page for each experiment, and of each run a page, its changes and its samples."""
    runs = {"runs/leakage/run-3", "runs/prompting/run-1", "runs/prompting/run-2"}
    each = {f"{run}{end}" for run in runs for end in (".html", "/changes.html", "/samples-1.html")}
    assert pages_of(site).keys() == {"index.html", "experiments/leakage.html", "experiments/prompting.html", *each}


def test_every_link_leads_to_a_file(site: Path) -> None:
    """From every page, also to the report of a run, and to the place in the page."""
    (site.parent / "leakage" / "run-3" / "index.html").write_text("<p>report</p>")
    build_site(site.parent, site)
    for page, text in pages_of(site).items():
        links = [value for name, value in Seen(text).attributes if name == "href"]
        assert links and not [link for link in links if not (site / page).parent.joinpath(unquote(link.partition("#")[0])).is_file()], page
    assert '<a href="../leakage/run-3/index.html">report</a>' in pages_of(site)["index.html"]


def test_the_index_lists_the_newest_run_first(site: Path) -> None:
    """With claim, verdict, confidence, scale, model, N and seeds, lock, and whether another run took its place."""
    rows = rows_of(pages_of(site)["index.html"])
    assert [next(name for name in ("run-1", "run-2", "run-3") if f">{name}<" in row) for row in rows] == ["run-3", "run-2", "run-1"]
    for part in ("Nothing leaks into the doctor", "falsified", "HIGH confidence", "full", "Gemma-3-270M", "n 80", "2 seeds", "not locked"):
        assert part in rows[0]
    assert "superseded: run-2" in rows[2] and "superseded" not in rows[1]


def test_an_experiment_shows_each_hypothesis_over_its_runs(site: Path) -> None:
    """A column for each hypothesis, the primary one first; verdict and the median effect with its interval, or that there is none."""
    text = pages_of(site)["experiments/prompting.html"]
    head = text.split("<thead>")[1].partition("</thead>")[0]
    assert head.index(">H1<") < head.index(">H2<")
    rows = rows_of(text)
    assert len(rows) == 2
    for row in rows:
        # of the rates .02, .88, .1123, 0 the lower median; capability is in another unit
        assert ".02" in row and "[−.03, .07]" in row and "H1[villain-agreement], the median of 4 cells" in row
        assert "not measured" in row


def test_a_run_tells_its_timeline(site: Path) -> None:
    """Locked, started, ended, superseded, in this order, with author and note."""
    text = pages_of(site)["runs/prompting/run-1.html"]
    timeline = text.split('class="timeline"')[1].partition("</ol>")[0]
    places = [timeline.index(part) for part in ("2026-11-19 09:00", "started", "2026-11-20 01:10", "superseded</strong> by ann", "run-2")]
    assert places == sorted(places)


def test_a_run_is_compared_with_the_one_before_it_at_its_scale(new_reports: Callable[..., Path]) -> None:
    """Verdicts first, then what went in otherwise by its subject, then numbers; equal changes stand together; the first run has none before it."""
    reports = new_reports("run-1", "run-2")
    path = reports / "prompting" / "run-2" / "results.json"
    tree = json.loads(path.read_text())
    cell = next(cell for cell in tree["cells"] if cell["id"] == "H1[villain-capability]")
    cell["verdict"], cell["measurements"][0]["value"] = "falsified", 12.0
    cell["measurements"][0]["interval"] |= {"low": 6.0, "high": 18.0}
    tree["inputs"][0]["sha256"] = "d" * 64
    tree["facts"]["Eval"] = {name: {**facts, "code": "new"} for name, facts in tree["facts"]["Eval"].items()}
    path.write_text(json.dumps(tree))
    pages = pages_of(build_site(reports, reports / "site").site)
    text = pages["runs/prompting/run-2/changes.html"]
    parts = [
        "cells/H1[villain-capability]/verdict",
        "facts/Eval/capability/code",
        "questions.jsonl/sha256",
        "measurements/shift/value",
        "+20.2 pp",
        "do not overlap",
    ]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    assert '<td><span class="label">after </span>changed</td>' in text and "d" * 13 not in text
    assert text.count('<td><span class="label">after </span>new</td>') == 1
    assert "This is the first run" in pages["runs/prompting/run-1/changes.html"]


def test_runs_of_other_scales_are_not_compared(new_reports: Callable[..., Path]) -> None:
    """A smoke run is no predecessor of a pilot run."""
    reports = new_reports("run-1", "run-2")
    tree = json.loads((reports / "prompting" / "run-1" / "results.json").read_text())
    (reports / "prompting" / "run-1" / "results.json").write_text(json.dumps(tree | {"scale": "smoke"}))
    build_site(reports, reports / "site")
    assert "This is the first run" in (reports / "site/runs/prompting/run-2/changes.html").read_text()


def test_few_numbers_are_shown_and_the_rest_is_counted(new_reports: Callable[..., Path]) -> None:
    """40 numbers moved: the 30 that moved most in their unit stand there."""
    reports = new_reports("run-1", "run-2")
    for run, step in (("run-1", 0.0), ("run-2", 1.0)):
        path = reports / "prompting" / run / "results.json"
        tree = json.loads(path.read_text())
        cell = next(cell for cell in tree["cells"] if cell["id"] == "G1")
        rates = [{**cell["measurements"][0], "name": f"rate-{number}", "value": 0.1 + step * number / 100} for number in range(41)]
        cell["measurements"] = rates
        path.write_text(json.dumps(tree))
    build_site(reports, reports / "site")
    text = (reports / "site/runs/prompting/run-2/changes.html").read_text()
    assert text.count("cells/G1/measurements/rate-") == 30
    assert text.index("rate-40/value") < text.index("rate-11/value") and "rate-10/value" not in text
    assert "And 10 more that moved less" in text


def test_links_versions_and_deep_folders_hold_no_runs(reports: Path) -> None:
    """`latest` is a run already, versions are a run's own, and five levels are too deep."""
    run = reports / "prompting" / "run-2"
    (reports / "prompting" / "latest").symlink_to("run-2")
    shutil.copytree(reports / "leakage" / "run-3", run / "versions" / "1")
    shutil.copytree(reports / "leakage" / "run-3", reports / "a" / "b" / "c" / "d" / "e")
    assert build_site(reports, reports / "site").runs == 3
    (reports / "a" / "b" / "c" / "d" / "e").rename(reports / "a" / "b" / "c" / "run-3")
    assert build_site(reports, reports / "site").runs == 4


def test_two_runs_of_one_name_have_pages_of_their_own(reports: Path) -> None:
    """A copy of a run in another folder takes no page away."""
    shutil.copytree(reports / "leakage" / "run-3", reports / "copies" / "run-3")
    found = build_site(reports, reports / "site")
    again = build_site(reports, reports / "site")
    assert (found.runs, len(list((reports / "site/runs/leakage").glob("*.html")))) == (4, 2)
    assert again.made == found.made and again.written == 3


def test_a_run_that_cannot_be_read_is_listed_with_the_reason(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The others are shown, and the exit code says that something is left out."""
    (reports / "leakage" / "run-3" / "results.json").write_text("{")
    assert main(["site", str(reports)]) == 1
    out = capsys.readouterr().out
    assert "2 runs" in out and "leakage/run-3: not JSON" in out
    text = (reports / "site" / "index.html").read_text()
    assert "leakage/run-3" in text and "not JSON" in text and len(rows_of(text)) == 2


def test_json_says_what_was_made(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", str(reports), "--out", str(reports.parent / "elsewhere"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"site": str(reports.parent / "elsewhere"), "runs": 3, "pages": 12, "written": 12, "removed": 0, "unreadable": {}}


@pytest.mark.parametrize(("name", "mend"), [("absent", "there is no run here"), ("empty", "holds no run"), ("full", "holds something other than a site")])
def test_a_mistake_is_one_line(reports: Path, name: str, mend: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No folder, no run, or a site where somebody else's files lie, which stay as they are."""
    (reports.parent / "empty").mkdir()
    (reports.parent / "full").mkdir()
    (reports.parent / "full" / "index.html").write_text("mine")
    words = [str(reports), "--out", str(reports.parent / name)] if name == "full" else [str(reports.parent / name)]
    assert main(["site", *words]) == 2
    told = capsys.readouterr().err
    assert mend in told and told.count("\n") == 1
    assert [path.read_text() for path in (reports.parent / "full").iterdir()] == ["mine"]


def test_a_site_that_is_a_link_is_refused(reports: Path) -> None:
    """Nor is anything written through a link inside it."""
    (reports.parent / "target").mkdir()
    (reports / "site").symlink_to(reports.parent / "target")
    with pytest.raises(HarnessError, match="symbolic link"):
        build_site(reports, reports / "site")
    site = build_site(reports, reports.parent / "own").site
    shutil.rmtree(site / "runs" / "leakage")
    (site / "runs" / "leakage").symlink_to(reports.parent / "target")
    assert "symbolic link" in build_site(reports, site).unreadable["leakage/run-3"]
    assert not any((reports.parent / "target").iterdir())


def test_a_run_that_cannot_be_shown_hides_no_other(reports: Path) -> None:
    """A number that no format foresaw: whether it can be shown or not, the other runs are, and each has its changes."""
    for run, name in (("prompting/run-2", "G1"), ("leakage/run-3", "H1[villain-agreement]")):
        path = reports / run / "results.json"
        tree = json.loads(path.read_text())
        next(cell for cell in tree["cells"] if cell["id"] == name)["measurements"][0] |= {"value": 1e40, "unit": "pp"}
        path.write_text(json.dumps(tree))
    found = build_site(reports, reports / "site")
    assert found.runs + len(found.unreadable) == 3 and (reports / "site/runs/prompting/run-1.html").is_file()
    assert (reports / "site/runs/prompting/run-2/changes.html").is_file()


def test_a_second_build_writes_the_lists_alone(site: Path) -> None:
    """The pages of runs that did not change are left as they are; whatever changes a run makes its pages anew."""
    reports = site.parent
    assert build_site(reports, site).written == 3
    AppendLog(reports / "leakage" / "run-3" / "history.jsonl").append([{"event": "reviewed", "time": "2026-11-22T09:00:00Z"}])
    assert build_site(reports, site).written == 3 + 3
    assert "reviewed" in (site / "runs/leakage/run-3.html").read_text()
    (reports / "prompting" / "run-1" / "samples" / "villain-refusal.jsonl").unlink()
    assert build_site(reports, site).written == 3 + 3 + 1  # and the changes of the run after it
    assert "The file is not there" in (site / "runs/prompting/run-1/samples-1.html").read_text()
    (site / "runs/prompting/run-2.html").unlink()
    assert build_site(reports, site).written == 3 + 2 and (site / "runs/prompting/run-2.html").is_file()


def test_pages_of_runs_that_are_gone_are_removed(site: Path) -> None:
    """With their folders; what a person put into the site stays."""
    (site / "notes.html").write_text("mine")
    shutil.rmtree(site.parent / "leakage")
    found = build_site(site.parent, site)
    assert found.removed == 4 and not (site / "runs" / "leakage").exists() and not (site / "experiments" / "leakage.html").exists()
    assert (site / "notes.html").read_text() == "mine"


@pytest.mark.parametrize("damage", [b"", b"{", b'{"runs": 3}', b'{"code": "x"}'])
def test_a_build_that_was_killed_is_done_again(site: Path, damage: bytes) -> None:
    """The folder is known for a site by its marker, whatever is in it, and all pages are made."""
    before = pages_of(site)
    (site / "harness-site.json").write_bytes(damage)
    (site / "index.html").unlink()
    assert build_site(site.parent, site).written == 12
    assert pages_of(site) == before


def test_a_site_inside_the_reports_is_no_report(site: Path) -> None:
    """Nor is one of an earlier build under another name."""
    write_json(site / "results.json", encode(msgspec.structs.replace(results(), experiment="planted")))
    assert build_site(site.parent, site.parent / "other").runs == 3
