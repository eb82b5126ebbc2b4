"""When predictions count as stable. Oracle: the rule of Bloodgood and Vijay-Shanker."""

from __future__ import annotations

import numpy as np
import pytest

from sufficient.decision.agreement import predictions_are_stable
from tests.decision.records import record_of


@pytest.mark.parametrize(
    ("agreement", "stable"),
    [
        ([np.nan, 0.5, 0.992, 0.992, 0.992], True),
        ([np.nan, 0.5, 1.0, 0.98, 0.995], True),
        ([np.nan, 0.5, 1.0, 0.96, 1.0], False),
        ([np.nan, 1.0, 1.0, 1.0, 0.5], False),
        ([np.nan, 1.0, 1.0], False),
        ([1.0, 1.0], False),
        ([np.nan, np.nan, np.nan], False),
    ],
    ids=str,
)
def test_the_mean_of_the_last_three_tells(agreement, stable):
    n = 64 * np.arange(1, 1 + len(agreement))
    record = record_of(n, 0.1, 0.8, prediction_agreement=np.array(agreement))
    assert predictions_are_stable(record) is stable
