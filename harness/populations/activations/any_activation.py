"""Every activation there is, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harness.populations.activations.correlated import Correlated
from harness.populations.activations.coverage import Coverage
from harness.populations.activations.personality import Personality
from harness.populations.activations.similarity import Similarity
from harness.populations.activations.simple import Simple
from harness.populations.activations.zipf import Zipf

AnyActivation = Annotated[Simple | Coverage | Correlated | Similarity | Zipf | Personality, Field(discriminator="kind")]
