"""Every landscape there is, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harness.populations.landscapes.asymmetric import Asymmetric
from harness.populations.landscapes.bivariate_normal import BivariateNormal
from harness.populations.landscapes.clusters import Clusters
from harness.populations.landscapes.uniform import Uniform
from harness.populations.landscapes.unimodal import Unimodal

AnyLandscape = Annotated[BivariateNormal | Uniform | Unimodal | Clusters | Asymmetric, Field(discriminator="kind")]
