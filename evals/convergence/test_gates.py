"""What must hold before any similarity means anything."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np

from harness import gate
from harness.domains.convergence import ANSWERED_BY, PRIMARY
from harness.models import ANSWERED, COMPARED

# Answers to different prompts that are the same text; two respondents with the same answers throughout.
ONE_ANSWER, SAME = 0.5, 0.9


@gate("G0", quick=True)
def test_a_level_asks_whom_the_level_before_let_on(members, let_on, retired, settings, measure, facts):
    """A level after the first asks only members that answered at the level before, in declared order and whatever they answered."""
    if retired:
        facts("Caveats", "retired members", f"Left out, since nobody serves them any more: {'; '.join(retired)}")
    asked = [member.name for member in members if member.kind in COMPARED]
    measure("members asked", len(asked), "count", n=max(1, len(asked)), sampling_unit="respondent")
    before = settings["screened_by"]
    assert let_on is not None or int(settings["level"]) == 1, f"no run at scale {before} is named under parents in experiment.yaml: level 1 comes first"
    if let_on is not None:
        measure("let on by the level before", len(let_on), "count", n=max(1, len(asked)), sampling_unit="respondent")
        assert set(asked) <= let_on, f"{', '.join(sorted(set(asked) - let_on))} did not answer at scale {before}"


@gate("G1", needs="G0")
def test_every_respondent_is_alive(replies, level, told_members, measure, facts):
    """Every member of the set answers at least .95 of what it is asked: an error or an empty reply is no answer, and is compared with nothing."""
    ailing = told_members()
    guises = [one.member.name for one in level if one.member.kind == "guise"]
    if guises:
        models = {one.member.spec for one in level if one.member.kind == "model"}
        told = f"{len(guises)} of the {len(level)} respondents compared ({', '.join(guises)}) are guises: personas on weights that are compared too."
        facts("Caveats", "guises", f"{told} {len(models)} distinct models say nothing of models at large.")
    missing = [f"{name}: {one.missing}" for name, one in replies.items() if one.missing]
    if missing:
        facts("Caveats", "missing members", f"Left out, since not on this machine: {'; '.join(missing)}")
    for name, one in replies.items():
        if one.rows:
            measure.rate(f"{ANSWERED_BY}{name}", one.sources[0].outcomes(f"status={'|'.join(ANSWERED)}"))
    dead = [name for name, one in replies.items() if one.rows and one.share == 0]
    others = [told.split(" ")[0] for told in ailing if told.split(" ")[0] not in dead]
    told = f"{len(dead)} of {len(replies)} are dead: {', '.join(dead) or 'none'}; {len(others)} answer too little: {', '.join(others) or 'none'}"
    assert not ailing, told


@gate("G2", quick=True)
def test_the_tasks_are_distinct(tasks, measure, facts):
    """No two tasks ask nearly the same: a prompt counted twice narrows every interval."""
    from harness.domains.convergence import near_duplicates

    facts("Data", "preprocessing", "none; the first tasks of each capability in a fixed shuffle by id, originals of the scale's variations before others")
    twins = near_duplicates(tasks)
    measure("tasks", len(tasks), "count", n=len(tasks), sampling_unit="task")
    measure("nearly the same", len(twins), "count", n=len(tasks), sampling_unit="task")
    assert len({task.id for task in tasks}) == len(tasks), "a task stands twice"
    assert not twins, f"{len(twins)} pairs ask nearly the same, such as {twins[0].first} and {twins[0].second} (cosine {twins[0].cosine:.2f})"


@gate("G3", needs="G1")
def test_answers_vary_and_are_each_respondents_own(alike, measure):
    """Nobody gives one answer to everything, no two respondents are one, and the answers are no templates: without variance no permutation could move a
    similarity, and with placeholders it would say nothing of models."""
    from harness.domains.convergence import bracketed_share, distinct_share, find_placeholders

    every = [text for one in alike.replies.values() for text in one.texts.values() if text is not None]
    measure("distinct answers", distinct_share(every), "rate", n=len(every), sampling_unit="answer")
    measure("answers with brackets to be filled in", bracketed_share(every), "rate", n=len(every), sampling_unit="answer")
    assert not find_placeholders(every), find_placeholders(every)
    for name, one in alike.replies.items():
        texts = [text for text in one.texts.values() if text is not None]
        commonest = Counter(texts).most_common(1)[0][1] / len(texts)
        measure(f"commonest answer of {name}", commonest, "rate", n=len(texts), sampling_unit="task")
        assert commonest <= ONE_ANSWER, f"{name} gives one answer to {commonest:.0%} of its tasks"
    for (first, one), (second, other) in combinations(alike.replies.items(), 2):
        both = [task for task in alike.tasks if one.texts[task] is not None and other.texts[task] is not None]
        same = sum(one.texts[task] == other.texts[task] for task in both) / max(1, len(both))
        assert same <= SAME, f"{first} and {second} give the same text to {same:.0%} of the tasks: they are one model"


@gate("G4", needs=["G1", "G3"])
def test_the_averages_reconcile(alike, similarity, measure, tell):
    """The mean over everything, over models and over capabilities is one number: what is told in three tables must not be three results."""
    from harness.domains.convergence import TOLERANCE, check_averages

    found = alike.found
    overall = similarity("overall", found.level(PRIMARY), alike)
    plain = float(np.nanmean(found.study.similarities_of(PRIMARY)))  # over all answered pairs of answers, by no table
    capabilities = {name: (found.level(PRIMARY, name).value, found.counted(PRIMARY, name)) for name in found.study.capabilities}
    models = {name: (found.level(PRIMARY, pairs=found.pairs_of(name)).value, found.counted(PRIMARY, pairs=found.pairs_of(name))) for name in found.study.models}
    every = {"everything": (overall.value, 1.0)}
    missed = check_averages(plain, {"capability": capabilities, "model": models, "all": every}, tolerance=math.inf)
    for name, gap in missed.items():
        measure(f"gap by {name}", abs(gap), "value", n=len(found.study.prompts), sampling_unit="task")
    tell()
    assert max(map(abs, missed.values())) <= TOLERANCE, f"the averages do not reconcile: {missed}"
