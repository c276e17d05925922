"""The documentation describes all domains of this package."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def described(every_domain: None) -> None:
    """Nothing here is tested where a domain was removed."""
