"""Words that claim more than a document can bear: null words without a test that shows equality, causal words without a control and seeds, words of confidence
above what was measured, superlatives that were picked afterwards, and power told after the fact. Rules of English: they flag, a person decides."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.review.claims import UNTESTED, Claim
from harness.review.number import Number
from harness.review.passages import Passage, above, alpha_of, claim_at, p_values, passages, scopes
from harness.review.prose import Prose, Sentence
from harness.yamlfile import read_yaml

WORDS: dict[str, list[str]] = read_yaml(Path(__file__).with_name("claim_words.yaml"))


def words(name: str) -> str:
    """The pieces of a list of `claim_words.yaml` as one expression."""
    text = "|".join(WORDS[name])
    for inner in ("effects", "sizes", "intense"):
        text = text.replace(f"{{{inner}}}", "|".join(WORDS[inner]))
    return f"(?:{text})"


def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


NO_FINDINGS = compiled(rf"\b{words('no_findings')}\b")
ASKED = re.compile(r"\?[\"'*_)\s]*$")
MAYBE = compiled(rf"\b{words('maybe')}\b")
WEAKLY = compiled(rf"\b{words('weakly')}\b")
TAKEN_BACK = compiled(rf"\b{words('taken_back')}\b")
NOT_BEFORE = compiled(rf"(?:\b|(?<=\w)(?=n['’]t)){words('denials')}[\s*_]+(?:[\w-]+[\s*_]+){{0,3}}\Z")
IMPERATIVE = compiled(rf"\s*[*_]*{words('imperatives')}\b")
NULL_WORDS = compiled(rf"\b{words('null')}")
# The named groups are the words of the claim, where those are not all that is matched.
SAME_WORDS = compiled(
    rf"\b{words('same_verbs')}\s+(?P<a>{words('same')})(?! or\b)|\b(?:is|are|was|were|remains?)\s+(?:statistically\s+)?(?P<b>{words('alike')})\b"
    r"|(?:^|:[\s*]+)(?P<c>identical|equal)\b(?= \w+ (?:for|across|between|in))"
)
DIFFERENT_WORDS = compiled(rf"\b{words('different')}\b")
REAL_WORDS = compiled(rf"\b(?P<a>{words('confirming')})\b(?=[^.;]{{0,60}}\b(?:low|no|absence|real|not|lack|null)\b)|\b(?P<b>(?:is|are) (?:real|genuine))\b")
CAUSAL_WORDS = compiled(
    rf"\b(?:{words('intense')}[\s*_]+)?{words('causes')}\b|\b{words('caused')}\b|\bnot[\s*_]+(?:explained|driven|caused)(?= by)|\bnot[\s*_]+due[\s*_]+to\b"
    rf"|\b(?:the|a)\s+(?:primary|main|key|dominant|root|real|principal|sole|true)\s+(?P<noun>{words('cause_nouns')})\b"
    r"|(?:via|through|by|is|are)\s+(?P<how>(?:different|distinct|separate|the same|a common|shared)\s+mechanisms?)\b"
    rf"|\b(?P<proven>proven)\s+{words('proven')}\b"
)
EXCLUDES = re.compile(r"\bnot\b", re.IGNORECASE)
CONFIDENT_WORDS = compiled(rf"\b{words('confident')}|\bindicates?\s+(?P<precise>precision)\b")
BEST_WORDS = compiled(rf"\b{words('best')}\b")
POWER = re.compile(r"\b(?:power(?:ed)?)\b", re.IGNORECASE)
LACKS_POWER = re.compile(
    r"underpowered|low power|little power|lacks? (?:the )?power|minimum detectable|\bMDE\b|inconclusive|cannot (?:be )?(?:rule|exclude|distinguish)",
    re.IGNORECASE,
)
EQUALITY = re.compile(
    r"\bTOST\b|equivalence (?:test|margin|bound)|equivalent within|bayes factor|\bBF01?\b|non-?inferiority|smallest effect size of interest|\bSESOI\b",
    re.IGNORECASE,
)
NO_SIGNIFICANCE = re.compile(
    r"\b(?:not|n['’]t|non)[\s*_-]*(?:statistically[\s*_]+)?significant(?:ly)?\b|\bno (?:statistically )?significant\b|\binsignificant\b"
    r"|\bn\.s\.",
    re.IGNORECASE,
)
SIGNIFICANCE = re.compile(r"\bstatistically significant(?:ly)?\b", re.IGNORECASE)
NO_EVIDENCE = re.compile(r"\b(?:no|little|insufficient) evidence\b(?= (?:that|of|for))", re.IGNORECASE)
TESTED = re.compile(
    r"\bp\s*[=<>≈]|\bp-value|\bCI\b|confidence interval|\b[tzF]\s*(?:\(|=)|χ|chi-?squared?|\bFisher|Mann-Whitney|Wilcoxon|bootstrap"
    r"|permutation",
    re.IGNORECASE,
)
ONE_SEED = re.compile(
    r"\b(?:single|one|only one|1)[\s-]+(?:seed|run|training run)\b|\bseeds?\W{1,6}(?:1\s*\(|\d+\s*(?:$|\n|only|\)))|\bn\s*=\s*1\b|\bno seed variation\b",
    re.IGNORECASE | re.MULTILINE,
)
MANY_SEEDS = re.compile(
    r"\b(?:([3-9]|\d\d+|three|four|five|six|seven|eight|ten)\s+(?:random\s+|independent\s+|training\s+)?seeds?\b)"
    r"|\bseeds?\W{1,6}\d+\s*,\s*\d+\s*,(?:\s*and)?\s*\d+",
    re.IGNORECASE,
)
CONTROLLED = re.compile(
    r"\bcontrols?\b[^.\n]{0,60}\b(?:pass(?:es|ed)?|held|holds|clean|as expected|showed? no|shows? no|flat)\b"
    r"|\bpassed\b[^.\n]{0,30}\bcontrols?\b",
    re.IGNORECASE,
)
UNSURE = re.compile(r"\bLOW\b[\s*_]*(?:confidence)?|\bconfidence\W{1,6}low\b|\bpreliminary\b|\bexploratory\b|\bpost[\s-]hoc\b|\bUNREVIEWED\b")
POWERED = re.compile(r"\b(?:statistical )?power\b[\s*_]*(?:=|:|of|is|was)?[\s*_(]*$", re.IGNORECASE)
DETECTS = re.compile(r"\bdetect(?:ing|able)?\b[^.;]{0,60}\d|\beffects? (?:size )?of\b[^.;]{0,20}\d|underpowered", re.IGNORECASE)
NORMAL = re.compile(
    r"\b(?:follows?|are|is|show|shows)\b[^.;]{0,20}?\b(?P<normal>(?:approximately |roughly |nearly )?(?:normal(?:ly)?"
    r"|Gaussian))(?= distribut)",
    re.IGNORECASE,
)
NORMALITY = re.compile(r"Shapiro|Kolmogorov|Anderson|Q-?Q|normality|skew|kurtosis", re.IGNORECASE)
CITED = re.compile(r"#\d+[\s*_]+\w+ed\b|\bet al\b|\b(?:prior|previous|earlier) (?:work|stud(?:y|ies))\b")  # what others found is not claimed here
SHARE = re.compile(r"explain\w*\s+(?:~?\d|only|little|very little|most|some|much|about|up to)[^.;]{0,40}varia", re.IGNORECASE)
FIGURES = 2  # that a comparison needs beside it


@dataclass(frozen=True, kw_only=True)
class Bearing:
    """What a document can bear: seeds, a control that passed, its own confidence, its level of significance."""

    seeds: bool
    control: bool
    unsure: bool
    alpha: float

    @property
    def lacks(self) -> str:
        """What a causal claim lacks, in words; "" for nothing."""
        missing = [] if self.seeds else ["several seeds"]
        return " and ".join(missing + ([] if self.control else ["a control that passed"]))


def word_claims(prose: Prose) -> list[Claim]:
    """The claims of words in the findings of a document. Times: linear in its length."""
    found: list[Claim] = []
    bearing = _bearing(prose)
    everywhere = passages(prose)
    tests = defaultdict[int, list[Number]](list)
    for passage in everywhere:
        tests[passage.section] += passage.ps
    weak = {section: _nothing_found(ps, bearing) for section, ps in tests.items()}
    for passage in everywhere:
        if not NO_FINDINGS.search(" / ".join(scopes(prose, passage)[-3:])):
            for sentence in passage.everything:
                found += _without_overlap(_of_sentence(sentence, passage, weak[passage.section], bearing))
    return found


def _bearing(prose: Prose) -> Bearing:
    said = [one for one in prose.sentences if not re.search(r"next|future|follow", " ".join(prose.path(one.section)), re.IGNORECASE)]
    text = "\n".join(one.text for one in said)
    many = any(MANY_SEEDS.search(one.text) and not re.search(r"\b(?:need|require|should|replicat|minimum)\w*", one.text) for one in said)
    return Bearing(
        seeds=many and not ONE_SEED.search(text),
        control=bool(CONTROLLED.search(text)),
        unsure=bool(UNSURE.search(text) or ONE_SEED.search(text)),
        alpha=alpha_of(prose),
    )


def _of_sentence(sentence: Sentence, passage: Passage, section: str, bearing: Bearing) -> Iterator[Claim]:
    text = _unquoted(sentence.text)
    yield from _significance(sentence, passage, bearing)
    yield from _untested(sentence, passage)
    if ASKED.search(text) or TAKEN_BACK.search(text):
        return
    weak = _weak_test(sentence, passage, bearing)
    yield from _null(sentence, text, passage, weak)
    if IMPERATIVE.match(text):
        return
    yield from _real(sentence, text, (section if not p_values(sentence) else "") or weak)
    yield from _causal(sentence, text, bearing)
    yield from _confident(sentence, text, bearing, weak)


def _unquoted(text: str) -> str:
    """The text with what it quotes blanked, places kept."""
    return re.sub(r"[\"“][^\"”\n]{3,300}[\"”]|`[^`\n]*`", lambda found: " " * len(found[0]), text)


def _nothing_found(ps: Sequence[Number], bearing: Bearing) -> str:
    """The first of p values that all tell of no significance; "" for others and for none."""
    return f"p {ps[0].marker or '='} {ps[0].value}" if ps and all(above(p, bearing.alpha) for p in ps) else ""


def _weak_test(sentence: Sentence, passage: Passage, bearing: Bearing) -> str:
    """A test beside the sentence that shows nothing: in it, or in its paragraph, or told in words. "" where there is none."""
    for place in ([sentence], passage.blocks[sentence.block]):
        if found := [p for one in place for p in p_values(one)]:
            return _nothing_found(found, bearing)
    return "not significant" if passage.says(NO_SIGNIFICANCE) and all(above(p, bearing.alpha) for p in passage.ps) else ""


def _hedged(text: str, start: int, weakly: bool = True) -> bool:
    """Whether the clause that a word stands in is put as a possibility. `weakly` counts `suggests` and `likely` too."""
    begin = max((found.end() for found in re.finditer(r"[;:(]|\s[-–—]+\s|,\s*(?:but|and|so|while)\b", text[:start])), default=0)
    before = text[begin:start]
    after = re.split(r"[;:.]", text[start:])[0]
    return bool(MAYBE.search(before) or re.search(r"\bif\b|\bwhether\b", after) or (weakly and WEAKLY.search(before)))


def _claim(sentence: Sentence, start: int, end: int, kind: str, reason: str) -> Claim:
    while end > start and sentence.text[start] in " *_\n":
        start += 1
    if sentence.text[end : end + 2] == "**" and "**" in sentence.text[start:end]:
        end += 2
    return claim_at(sentence, start, end, kind, "OVERCLAIMED", reason, "")


def _span(found: re.Match[str]) -> tuple[int, int]:
    """Of the first named group that matched, or of everything."""
    name = next((name for name, value in found.groupdict().items() if value), None)
    return found.span(name) if name else found.span()


def _null(sentence: Sentence, text: str, passage: Passage, weak: str) -> Iterator[Claim]:
    if passage.says(EQUALITY):
        return
    reason = f"{weak} is no evidence that there is nothing" if weak else "nothing beside it shows equality (an interval inside a margin that was named before)"
    for found in NULL_WORDS.finditer(text):
        before = text[: found.start()]
        verb = found[0].lower().startswith("d")
        if found[0].lower().startswith(("may", "might")) and not weak:  # too much only after a test that found nothing
            continue
        if LACKS_POWER.search(text) or re.search(r"\b(?:may|might|could|if|whether)\b|\band $", before) or _denied(before):
            continue
        if verb and (not before.strip(" *_") or re.search(r"\b(?:that|which|what|who|they|it) $", before) or (_tells_size(sentence) and not weak)):
            continue  # a command, a clause that defines, a size that is told
        yield _claim(sentence, *found.span(), "null", reason)
    for found in SAME_WORDS.finditer(text):
        figures = len([one for one in sentence.numbers if one.text.strip()])
        if NOT_BEFORE.search(text[: found.start()]) or _hedged(text, found.start()) or LACKS_POWER.search(text) or (figures >= FIGURES and not weak):
            continue
        yield _claim(sentence, *_span(found), "null", reason)


def _tells_size(sentence: Sentence) -> bool:
    """Whether it tells how large what it denies was."""
    return any(number.signed or number.unit in ("%", "pp", "points") for number in sentence.numbers)


def _denied(before: str) -> bool:
    """`not … no effect`: "cannot conclude no effect"."""
    return bool(re.search(r"\b(?:cannot|can['’]t|not|n['’]t)\b[^.;,]{0,30}$", before))


def _real(sentence: Sentence, text: str, weak: str) -> Iterator[Claim]:
    """A finding that is read out of a test which found none."""
    if not weak or LACKS_POWER.search(text):
        return
    powered = bool(POWER.search(text))
    for found in REAL_WORDS.finditer(text):
        if not NOT_BEFORE.search(text[: found.start()]) and (powered or weak.startswith("p")):
            yield _claim(sentence, *_span(found), "null", f"{'power told after the fact' if powered else 'a test'} with {weak} does not confirm it")
    if weak.startswith("p") or NO_SIGNIFICANCE.search(text):
        for found in DIFFERENT_WORDS.finditer(text):
            asserted = re.search(r"\b(?:is|are|was|were|indicat\w+|confirms?|shows?|demonstrates?)\b[^.;]*$", text[: found.start()])
            if asserted and not NOT_BEFORE.search(text[: found.start()]) and not re.search(r"\b(?:may|might|could|hypothesis)\b", text[: found.start()]):
                yield _claim(sentence, *found.span(), "null", f"{weak} is read as a finding")


def _causal(sentence: Sentence, text: str, bearing: Bearing) -> Iterator[Claim]:
    if not bearing.lacks or re.search(r"\(LOW confidence\)", text):
        return
    for found in CAUSAL_WORDS.finditer(text):
        start, end = _span(found)
        excludes = EXCLUDES.match(found[0])
        if (
            (not excludes and NOT_BEFORE.search(text[:start]))
            or _hedged(text, start)
            or CITED.search(text[:end])
            or _is_named(text, start, end)
            or SHARE.match(text[start:])
        ):
            continue
        yield _claim(
            sentence, start, end - 3 if excludes and found[0].endswith(" by") else end, "causal", f"a causal word without {bearing.lacks} in the document"
        )


def _is_named(text: str, start: int, end: int) -> bool:
    """`What's confirmed:`, `CONFIRMED` in a label: no claim of its own."""
    return bool(re.match(r"[\s*_]*:", text[end:])) or bool(
        re.search(r"\b(?:what|why|how|that which|which)[^.;]{0,40}$", text[:start], re.IGNORECASE) and text[:start].count(" ") < 6
    )


def _confident(sentence: Sentence, text: str, bearing: Bearing, weak: str) -> Iterator[Claim]:
    can_bear = bearing.seeds and not bearing.unsure and not weak
    reason = "the document has " + ("one seed or calls itself preliminary" if bearing.unsure else weak if weak else "no seeds that it names")
    for found in CONFIDENT_WORDS.finditer(text):
        if can_bear or NOT_BEFORE.search(text[: found.start()]) or _hedged(text, found.start(), weakly=False):
            continue
        yield _claim(sentence, *_span(found), "confidence", f"a word of confidence: {reason}")
    for found in BEST_WORDS.finditer(text):
        if not can_bear and not NOT_BEFORE.search(text[: found.start()]) and not _hedged(text, found.start()):
            yield _claim(sentence, *found.span(), "superlative", f"picked among several after the fact: {reason}")


def _significance(sentence: Sentence, passage: Passage, bearing: Bearing) -> Iterator[Claim]:
    """`not significant` and `no evidence` rightly said; `statistically significant` where no test stands."""
    ps = p_values(sentence) or [p for one in passage.blocks[sentence.block] for p in p_values(one)]
    for found in NO_EVIDENCE.finditer(sentence.text):
        if LACKS_POWER.search(sentence.text) or (ps and all(above(p, bearing.alpha) for p in ps)):
            yield claim_at(sentence, *found.span(), "null", "CONFIRMED", "said as missing evidence")
    block = "\n".join(one.text for one in passage.everything if one.block == sentence.block)
    for found in SIGNIFICANCE.finditer(sentence.text):
        denied = re.search(r"\b(?:not|no|n['’]t|neither|nor|non)[\s*_-]*$", sentence.text[: found.start()], re.IGNORECASE)
        if not denied and not TESTED.search(passage.text if len(passage.sentences) < 4 else block) and not _hedged(sentence.text, found.start()):
            yield claim_at(sentence, *found.span(), "p value", "OVERCLAIMED", "no test, p value or interval stands beside it")


def _untested(sentence: Sentence, passage: Passage) -> Iterator[Claim]:
    """A power without the effect it holds for; a distribution that nothing tested."""
    for number in sentence.numbers:
        near = POWERED.search(sentence.text[max(0, number.start - 30) : number.start]) or re.match(
            r"\s+(?:statistical\s+)?power\b", sentence.text[number.end :]
        )
        if near and 0 < number.value <= 100 and not passage.says(DETECTS):
            yield claim_at(
                sentence, number.start, number.end, "power", "UNSUPPORTED", f"{UNTESTED}: a power holds for an effect and an N, and neither stands beside it"
            )
    for found in NORMAL.finditer(sentence.text):
        if not passage.says(NORMALITY) and not _hedged(sentence.text, found.start()):
            yield claim_at(sentence, *found.span("normal"), "distribution", "UNSUPPORTED", f"{UNTESTED}: no test or plot of normality")


def _without_overlap(claims: Iterator[Claim]) -> Sequence[Claim]:
    """Of claims of the same words the first."""
    kept: list[Claim] = []
    for one in claims:
        if not any(one.line == other.line and one.column < other.end and other.column < one.end for other in kept):
            kept.append(one)
    return kept
