"""p values of test statistics, and words of significance beside a p."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
from scipy import stats

from harness.review.claims import UNTESTED, Claim, claim
from harness.review.passages import P_NAME, Outline, Passage, above, named, p_values, where
from harness.review.prose import Sentence, Table
from harness.review.ranges import Range, Said, agrees, bounds, image, in_cell, said, shown
from harness.review.stated import RHO, Statistic, statistics_of

# Tests whose p the statistic beside it does not give.
OTHER_P = re.compile(
    r"correct|adjust|Bonferroni|Holm|\bFDR\b|\bBH\b|permut|bootstrap|Wilcoxon|Mann-Whitney|sign test|exact|Spearman|\brho\b|ρ|Kendall|partial"
    r"|clustered|mixed|regress",
    re.IGNORECASE,
)
ONE_SIDED = re.compile(r"one-?\s?(?:sided|tailed)|directional", re.IGNORECASE)


def p_of_statistics(sentence: Sentence, passage: Passage, outline: Outline) -> Iterator[Claim]:
    """p beside t(df), z, F, chi² or r with its n (two-sided, as is usual)."""
    known, ps = statistics_of(sentence), p_values(sentence)
    if not known or not ps or OTHER_P.search(sentence.text) or OTHER_P.search(f"{outline.prose.headings[passage.section].title} {passage.label}"):
        return
    for p in ps:
        before = [one for one in known if one.number.end <= p.start]
        if not before or any(before[-1].number.end < other.start < p.start for other in ps) or p.start - before[-1].number.end > 40:
            continue
        statistic = before[-1]
        df = statistic.df if statistic.name != "r" or statistic.df else _n_minus_2(sentence, passage, outline)
        computed = _p(statistic, df)
        if computed:
            yield _judged_p(said(sentence, p), computed, statistic, df, passage.says(ONE_SIDED), outline.alpha, where(sentence, statistic.number))
        elif statistic.name == "t" and not agrees(p, (image(_t_sided(1e9), bounds(statistic.number))[0] * 0.5, 1.0)):
            yield said(sentence, p).claim(
                "p value", "WRONG", f"t = {statistic.number.value} cannot give a p so small for any degrees of freedom", where(sentence, p)
            )


def _t_sided(df: float) -> Callable[[float], float]:
    return lambda value: float(2 * stats.t.sf(abs(value), df))


def _p(statistic: Statistic, df: float | None) -> Range | None:
    value = bounds(statistic.number)
    if statistic.name == "z":
        return image(lambda z: float(2 * stats.norm.sf(abs(z))), value)
    if df is None or df <= 0:
        return None
    if statistic.name == "t" and df % 1:  # Welch's df are rounded
        half = 0.05 if round(df, 1) == df else 0.005
        ends = [image(_t_sided(one), value) for one in (max(df - half, 0.1), df + half)]
        return min(low for low, _ in ends), max(high for _, high in ends)
    if statistic.name == "t":
        return image(_t_sided(df), value)
    if statistic.name == "chi2":
        return image(lambda x: float(stats.chi2.sf(x, df)), value)
    if statistic.name == "F" and statistic.df2:
        return image(lambda x: float(stats.f.sf(x, df, statistic.df2)), value)
    if statistic.name == "r" and max(abs(end) for end in value) < 1:
        return image(lambda r: float(2 * stats.t.sf(abs(r) * np.sqrt(df / (1 - r * r)), df)), value)
    return None


def _judged_p(place: Said, computed: Range, statistic: Statistic, df: float | None, one_sided: bool, alpha: float, address: str) -> Claim:
    name = f"{statistic.name}{f'({df:g})' if df and statistic.name != 'z' else ''} = {statistic.number.value}"
    half = (computed[0] / 2, computed[1] / 2)
    if agrees(place.number, computed) or (one_sided and agrees(place.number, half)):
        return place.claim("p value", "CONFIRMED", f"{name} gives p = {shown(computed)}", address)
    if statistic.name in "tzr" and agrees(place.number, half):
        return place.claim("p value", "UNSUPPORTED", f"{UNTESTED}: this is the one-sided p of {name}, and the text does not say one-sided", address)
    other = (float(place.number.value) > alpha) != (computed[0] > alpha) and (computed[0] > alpha) == (computed[1] > alpha)
    error = f" (a decision error: the other side of {alpha:g})" if other and place.number.marker == "" else ""
    return place.claim("p value", "WRONG", f"{name} gives p = {shown(computed)}{error}", address)


HEADERS = {
    "t": re.compile(r"(?:paired |Welch(?:'s)? )?t(?:[- ]?(?:stat\w*|value))?"),
    "z": re.compile(r"[zZ](?:[- ]?(?:stat\w*|score))?"),
    "r": re.compile(r"(?:Pearson(?:'s)? )?r|r \(Pearson\)"),
    "df": re.compile(r"df|d\.f\.|dof"),
    "n": re.compile(r"[nN]"),
    "p": re.compile(r"p(?:[- ]?val(?:ue)?s?)?(?: \(two-(?:sided|tailed)\))?", re.IGNORECASE),
}


def p_of_rows(table: Table, outline: Outline) -> Iterator[Claim]:
    """The p of the rows of a table that has a column of t and df, of r and N, or of z beside it."""
    at = {name: place for name, pattern in HEADERS.items() for place, cell in enumerate(table.header) if pattern.fullmatch(cell.plain.strip())}
    name = next((one for one in "tzr" if one in at), None)
    if name is None or "p" not in at or OTHER_P.search(" ".join((outline.prose.headings[table.section].title, *(cell.plain for cell in table.header)))):
        return
    for row in table.rows:
        value, p = row[at[name]].number, row[at["p"]].number
        size = {key: row[at[key]].number for key in ("df", "n") if key in at}
        df = float(size["df"].value) if size.get("df") else float(size["n"].value) - 2 if name == "r" and size.get("n") else None  # type: ignore[union-attr]
        if value is None or p is None:
            continue
        statistic = Statistic(name, value, df, None)
        if computed := _p(statistic, df):
            yield _judged_p(in_cell(row[at["p"]], p), computed, statistic, df, False, outline.alpha, f"line {row[0].line}")


def _n_minus_2(sentence: Sentence, passage: Passage, outline: Outline) -> float | None:
    """Degrees of freedom of a correlation from the one n in its sentence, its label or its heading."""
    for text in (sentence.text, passage.heading.text if passage.heading else "", outline.prose.headings[passage.section].title):
        found = {int(one) for one in re.findall(r"(?<![A-Za-z])[nN]\s*=\s*(\d{1,9})\b", text)}
        if found:
            return float(found.pop() - 2) if len(found) == 1 else None
    return None


def p_of_ranks(sentence: Sentence, passage: Passage, outline: Outline) -> Iterator[Claim]:
    """p of Spearman's rho by Student's t, as usual; an exact one differs, so a disagreement says nothing."""
    for rho in named(sentence, RHO):
        p = next((one for one in p_values(sentence) if 0 <= one.start - rho.end < 20), None)
        df = _n_minus_2(sentence, passage, outline)
        computed = _p(Statistic("r", rho, df, None), df)
        if p is not None and computed and agrees(p, computed):
            yield said(sentence, p).claim(
                "p value", "CONFIRMED", f"rho = {rho.value} with n = {(df or 0) + 2:g} gives p = {shown(computed)}", where(sentence, rho)
            )


def impossible_p(sentence: Sentence) -> Iterator[Claim]:
    """A probability above 1."""
    for number in named(sentence, P_NAME):
        if number.value > 1 and number.step < 1 and not number.unit:
            yield said(sentence, number).claim("p value", "WRONG", "a probability lies between 0 and 1", where(sentence, number))


def significance_words(sentence: Sentence, alpha: float) -> Iterator[Claim]:
    """Words of significance beside the one p of a sentence, or several that are all above the level."""
    ps = p_values(sentence)
    if not ps:
        yield from _significant_statistic(sentence, alpha)
    if (
        not ps
        or (len(ps) > 1 and not all(above(p, alpha) for p in ps))
        or re.search(r"marginal|trend|borderline|correct|multiple|threshold|level|would|if\b|practical|pre-?regist|α|alpha", sentence.text, re.IGNORECASE)
    ):
        return
    for found in re.finditer(
        r"(?P<no>\b(?:not|non|n['’]t)[\s*_-]*|\bno )?(?:statistically )?\bsignificant(?:ly)?\b"
        r"|\bn\.s\.",
        sentence.text,
        re.IGNORECASE,
    ):
        if min(min(abs(found.start() - p.end), abs(p.start - found.end())) for p in ps) > 25:
            continue
        denied = bool(found["no"]) or found[0].lower() == "n.s."
        right = denied == above(ps[0], alpha)
        place = sentence.place(found.start())
        if ps[0].marker not in ("<", "≤", ">", "≥") or right:
            yield claim(
                place.line,
                place.column,
                found[0],
                "significance",
                "CONFIRMED" if right else "WRONG",
                f"p {ps[0].marker or '='} {ps[0].value} at {alpha:g}",
                where(sentence, ps[0]),
            )


def _significant_statistic(sentence: Sentence, alpha: float) -> Iterator[Claim]:
    """`z = 0.39, statistically significant`: the p that the statistic gives is above the level."""
    for statistic in statistics_of(sentence):
        found = re.match(r"[^.;()]{0,20}?(?<!not )(?<!not statistically )\b(?:statistically )?significant(?:ly)?\b", sentence.text[statistic.number.end :])
        computed = _p(statistic, statistic.df) if found else None
        if found and computed and computed[0] > alpha:
            start = statistic.number.end + found.start() + re.search(r"(?:statistically )?significant", found[0]).start()  # type: ignore[union-attr]
            at, text = sentence.place(start), sentence.text[start : statistic.number.end + found.end()]
            reason = f"{statistic.name} = {statistic.number.value} gives p = {shown(computed)}"
            yield claim(at.line, at.column, text, "significance", "WRONG", reason, where(sentence, statistic.number))
