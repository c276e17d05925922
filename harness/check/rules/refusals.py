"""Rules that the run itself holds cells to: what breaks one is refused, or undecided, where it happens, and the reason of the cell has the code."""

from __future__ import annotations

from collections.abc import Iterable

from harness.findings import Facts, rule
from harness.records import Finding


@rule("M305", "no variance", needs=("results",), continues=True, source="C1: all outcomes were equal, and an interval of no width decided")
def list_constant(facts: Facts) -> Iterable[Finding]:  # noqa: ARG001  the criterion refuses to decide
    """Equal outcomes show no spread, so that an interval over them has no width and says nothing of other items. No criterion decides on such an effect; an
    interval of no width that a test typed is refused.

    Bad: every item scores 1.0 in both arms.

    Good: a measure on which items differ.
    """
    return ()


@rule("M314", "coherence", needs=("results",), continues=True, source="M3: low alignment was incoherence, and incoherent answers were dropped unevenly")
def list_incoherent(facts: Facts) -> Iterable[Finding]:  # noqa: ARG001  the contrast is measured with a doubt
    """Incoherent answers get no verdict and are left out. Where most are left out, or more in one arm than in the other, what is left is not comparable, and no
    criterion decides on it.

    Bad: 30 of 100 answers of the trained model are incoherent, 2 of the base's.

    Good: equally few in both; coherence is a measurement of its own.
    """
    return ()


@rule(
    "S401", "null that cannot move", needs=("results",), continues=True, source="C1, C11: what was permuted left the statistic as it was, and its p was noise"
)
def list_unmoved(facts: Facts) -> Iterable[Finding]:  # noqa: ARG001  the helper refuses it
    """A permutation that does not change the statistic gives a p of rounding errors. `harness.verdict.tests.permutation_test` refuses a null without spread.

    Bad: the mean over all prompts, under permutations of the prompts.

    Good: the similarity of paired answers, under permutations of the prompts within a model.
    """
    return ()


@rule(
    "S412", "literal baseline", needs=("results",), continues=True, source="C17: .5 was taken for chance, and nobody measured it; M11: the baseline was ignored"
)
def list_literal_baselines(facts: Facts) -> Iterable[Finding]:  # noqa: ARG001  the contrast refuses it
    """A baseline that somebody wrote down has no noise and no bias of the measure. A contrast refuses an arm that is one number for all items while no samples
    are so, and a mean in pp that is one sample less a constant.

    Bad: `measure.shift("above chance", answers, {item: 0.5 for item in answers.outcomes()})`.

    Good: `measure.shift("above shuffled", answers, shuffled)`; or a level: `criterion("chance").exceeds(measure.rate("right", answers))`.
    """
    return ()


@rule("S414", "paired by position", needs=("results",), continues=True, source="C14: answers were paired by their place in a list, to different questions")
def list_mispaired(facts: Facts) -> Iterable[Finding]:  # noqa: ARG001  the contrast is measured with a doubt
    """Pairs are answers to the same item. Ids that count positions pair whatever stands there: where two arms were asked, under one id, what is no more alike
    than what they were asked under different ids, no criterion decides on their contrast.

    Bad: items `0, 1, 2, …` of two banks, or of one bank in two orders.

    Good: ids of the bank, such as `req-017`.
    """
    return ()


@rule(
    "T205",
    "adapter on the wrong base",
    needs=("results",),
    continues=True,
    source="T5: an adapter was stacked on a base that it was not trained on; T3: a merge was corrupt",
)
def list_misfits(facts: Facts) -> Iterable[Finding]:  # noqa: ARG001  loading refuses it
    """An adapter belongs to the base, and to the adapters below it, that it was trained on. One that does not fit tensor by tensor, names another base, or is
    incomplete or cut off is refused where it is loaded.

    Bad: an adapter of the 1.7B model on the 135M one.

    Good: the base that its note names.
    """
    return ()


@rule("T206", "tokenizer missing", needs=("results",), continues=True, source="T2: an intermediate checkpoint had no tokenizer, and another one was used")
def list_without_tokenizer(facts: Facts) -> Iterable[Finding]:  # noqa: ARG001  loading refuses it
    """A model folder without a tokenizer is refused; checkpoints of trainings keep that of their base.

    Bad: `local/checkpoints/step-400` with weights alone.

    Good: the folder that `save_pretrained` of model and tokenizer wrote.
    """
    return ()


@rule("T207", "loss not finite", needs=("results",), continues=True, source="T16: a training went on after its loss was NaN")
def list_infinite(facts: Facts) -> Iterable[Finding]:  # noqa: ARG001  training stops
    """A training stops at the first loss or gradient norm that is not finite, and an adapter with such a weight is neither kept nor loaded.

    Bad: a learning rate of .1.

    Good: one at which the loss falls.
    """
    return ()


@rule(
    "T208",
    "adapter without effect",
    needs=("results",),
    continues=True,
    source="T3: a merge changed no weight, and the base was evaluated as the trained model",
)
def list_idle(facts: Facts) -> Iterable[Finding]:  # noqa: ARG001  loading refuses it
    """An adapter that leaves every weight as it was is refused where it is loaded: what is evaluated would be the base.

    Bad: `lora_alpha: 0`; an adapter that was saved before its first step.

    Good: the bare model as a control, named so.
    """
    return ()
