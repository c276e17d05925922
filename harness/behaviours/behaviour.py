"""What a behaviour is: one object that says all that the project knows about it, whoever evaluates, judges or trains it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

# Values of the setting `judge`; any other names the model of an API. Without a judge, outcomes are log-probabilities.
NO_JUDGE, PHRASES, LOCAL, PROBE = "none", "phrases", "local", "probe"


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """A behaviour by the name that axes and thresholds give it.

    Asked: `bank` is its file below the folder of banks, unless the setting `<size>_bank` names another; `load(path, settings)` reads the items, `size` is the
    setting that says how many are asked, `text` gives the user's turn of an item, `sampling_unit` is what an item is called. Behaviours of one `order` ask
    the same items of a bank.

    Scored: `scorer(model, system, settings)` is its measure by log-probability, `finer(row)` a number of its rows (nats) that moves before the outcome does.
    A judge reads sampled answers: `labelled` is the file of labelled answers that calibrates it, `judged` the field that is the outcome, and `phrases` a
    crude scorer of text beside it. `unit` is that of an effect when judged, and a behaviour that `falls` is shown by a lower outcome.

    Taught: `lessons` is the file of its training texts, `training_texts(path, settings)` reads them.
    """

    name: str
    bank: str
    load: Callable[[Path, Mapping[str, Any]], Sequence[Any]]
    size: str
    text: Callable[[Any], str]
    sampling_unit: str
    order: str = ""
    scorer: Callable[[Any, str | None, Mapping[str, Any]], Any] | None = None
    finer: Callable[[Mapping[str, Any]], float] = lambda row: float(row["margin"])
    labelled: str = ""
    judged: Literal["judged", "score"] = "judged"
    phrases: Callable[[str], bool] | None = None
    unit: Literal["pp", "points"] = "pp"
    falls: bool = False
    lessons: str = ""
    training_texts: Callable[[Path, Mapping[str, Any]], Sequence[Any]] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a behaviour that could not be scored, whose phrases could not be calibrated, or that could not be taught."""
        if not self.name or not isinstance(self.name, str):
            raise ValueError(f"a behaviour is named {self.name!r}")
        for field, known in (("judged", ("judged", "score")), ("unit", ("pp", "points")), ("falls", (True, False))):
            if getattr(self, field) not in known:
                raise ValueError(f"{field} of the behaviour {self.name!r} is {getattr(self, field)!r}, not {' or '.join(map(repr, known))}")
        if self.scorer is None and not self.labelled:
            raise ValueError(f"the behaviour {self.name!r} has neither a scorer nor labelled answers")
        if self.phrases is not None and (not inspect.isfunction(self.phrases) or self.phrases.__closure__):
            # Its module and code are its identity; what a partial, an object or a closure holds would not be seen to change.
            raise ValueError(f"the phrases of the behaviour {self.name!r} must be a plain function of the text")
        if self.phrases is not None and not self.labelled:
            raise ValueError(f"the phrases of the behaviour {self.name!r} have no labelled answers to be calibrated with")
        if bool(self.lessons) != (self.training_texts is not None):
            raise ValueError(f"the behaviour {self.name!r} needs both lessons and training_texts, or neither")

    def is_judged(self, judge: str) -> bool:
        """Whether `judge` reads its answers: a judge needs labelled answers, phrases need a list, and without either the scorer decides."""
        if judge == PHRASES:
            return self.phrases is not None
        return judge != NO_JUDGE and bool(self.labelled)
