"""How the values of two engines are compared."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any


def same(found: Any, expected: Any) -> None:
    """Assert that the values are equal and numbers are of one kind; doubles may differ in the last bits."""
    if isinstance(expected, list) and isinstance(found, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    elif isinstance(expected, float) and isinstance(found, float):
        assert math.isclose(found, expected, rel_tol=1e-12) or (math.isnan(found) and math.isnan(expected))
    else:
        assert found == expected
        assert isinstance(found, Decimal | float) == isinstance(expected, Decimal | float)
