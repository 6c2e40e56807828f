"""What scikit-learn says of an estimator."""

from __future__ import annotations

from typing import Any


def tags(estimator: Any) -> Any:
    """scikit-learn's tags of the estimator, or None where it has none."""
    try:
        from sklearn.utils import get_tags

        return get_tags(estimator)
    except Exception:  # noqa: BLE001 - other libraries and older releases have no tags
        return None
