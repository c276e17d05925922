"""The question itself: does a marker rise more where prompts are near?"""

from __future__ import annotations

from harness import hypothesis


@hypothesis("H1", needs="G1")
def test_the_marker_rises_more_where_prompts_are_near(source, marked, epoch, reading, rise_against_distance, marker_under, measure, criterion):
    """The further a bystander's prompt lies from the source's (1 less the cosine: of a layer's state, or of sentence embeddings), the less the marker rises
    under it, above what the bare model gives it there."""
    rates = marker_under(source, epoch).outcomes("probability")
    measure.mean(f"probability of the {marked} under bystanders", rates, "probability", sampling_unit="persona")
    assert criterion("near").holds(rise_against_distance(f"rise of the {marked} against distance", source, epoch, reading))
