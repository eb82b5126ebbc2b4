"""Whether the predictions still change from size to size."""

from __future__ import annotations

from sufficient.results import Record

__all__ = ["STABLE_FROM", "WINDOW", "predictions_are_stable"]

# Bloodgood and Vijay-Shanker stop labelling once the kappa of successive nets is at
# least this high on average over so many rounds.
STABLE_FROM, WINDOW = 0.99, 3


def predictions_are_stable(record: Record) -> bool:
    """Whether successive nets agree in nearly all of their predictions.

    References
    ----------
    M. Bloodgood and K. Vijay-Shanker, "A Method for Stopping Active Learning Based on
    Stabilizing Predictions and the Need for User-Adjustable Stopping", CoNLL 2009.
    """
    last = record.column("prediction_agreement")[-WINDOW:]
    return len(last) == WINDOW and bool(last.mean() >= STABLE_FROM)
