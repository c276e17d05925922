"""The timeline of a run: each event with the commit and the author of its own session."""

from __future__ import annotations

import subprocess

from toy import Toy


def git(toy: Toy, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=toy.root, check=True, capture_output=True, text=True).stdout.strip()


def run_as(toy: Toy, author: str, *words: str) -> None:
    git(toy, "config", "user.name", author)
    toy.run("--harness-run-dir", "run", *words)


def commit(toy: Toy) -> str:
    git(toy, "-c", "user.name=committer", "-c", "user.email=nobody@example.org", "commit", "--quiet", "--allow-empty", "--message", "work")
    return git(toy, "rev-parse", "HEAD")


def test_each_event_has_the_commit_and_the_author_of_its_session(toy: Toy) -> None:
    """Ann begins at one commit, Bob resumes at the next, and Eve at the same, so that the journal holds her plan as Bob's."""
    git(toy, "init", "--quiet")
    first = commit(toy)
    run_as(toy, "Ann", "-k", "villain")
    second = commit(toy)
    run_as(toy, "Bob")
    run_as(toy, "Eve", "-k", "villain")
    events = toy.results("run")["execution"]["timeline"]
    ann, bob, eve = (first, "Ann"), (second, "Bob"), (second, "Eve")
    told = [(event["event"], (event["commit"], event["author"])) for event in events]
    assert told[:3] == [("checked", ann), ("planned", ann), ("started", ann)]
    assert [origin for name, origin in told if name == "started"] == [ann, bob, eve]
    assert [origin for name, origin in told if name == "progress"] == [bob, bob, eve]  # the cells that Eve selected are told in her session
    assert told[-1] == ("results", eve)
    assert events[0]["note"] == "experiment.yaml was read and compared with its tests"
