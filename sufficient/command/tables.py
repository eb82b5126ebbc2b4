"""Samples, targets and an encoder out of a table."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import resample

from sufficient.command.columns import chosen_features
from sufficient.command.reading import no_column, read_table
from sufficient.command.targets import as_targets, rows_of_classes
from sufficient.data.encoding import table_encoder

__all__ = ["Data", "load_table"]

LEAST_ROWS = 10


@dataclass(frozen=True)
class Data:
    """What is asked about.

    Attributes
    ----------
    X : array-like of shape (n, ...)
        Samples: an array, or the columns of a table.
    y : ndarray of shape (n,) or (n, n_targets)
        Labels or targets.
    regression : bool
        Whether y is a quantity.
    encoder : Pipeline or "auto", default="auto"
        Makes numbers of the columns of a table; not yet fitted.
    remarks : list of str or None, default=None
        What was found and left out; None for arrays.
    model : str, default="mlp"
        The net that suits them.
    """

    X: Any
    y: np.ndarray
    regression: bool
    encoder: Any = "auto"
    remarks: list[str] | None = None
    model: str = "mlp"


def load_table(args: Namespace) -> Data:
    """What a file that holds a table and the arguments of the command say.

    Parameters
    ----------
    args : Namespace
        Of the parser: `data`, `target`, `drop`, `keep`, `n_samples`, `seed` and
        `regression`.

    Returns
    -------
    Data
    """
    others, targets = _parted(read_table(args.data), args.target)
    features, remarks = chosen_features(others, _names(args.drop), _names(args.keep))
    features, targets, dropped = _labelled(features, targets)
    if (n := args.n_samples) is not None:
        features, targets = resample(
            features, targets, replace=False, n_samples=n, random_state=args.seed
        )
    y, regression, kind = as_targets(targets, args.regression)
    one_label = not regression and y.ndim == 1
    rows, rare = rows_of_classes(y) if one_label else (slice(None), [])
    features, y, remarks = features.iloc[rows], y[rows], [kind, *dropped, *remarks]
    if len(y) < LEAST_ROWS:
        raise ValueError(
            f"There are {len(y)} rows to learn from, but {LEAST_ROWS} are needed."
        )
    encoder = table_encoder(features)
    return Data(features, y, regression, encoder, [*remarks, *rare])


def _parted(frame, targets):
    targets = targets or [frame.columns[-1]]
    for target in targets:
        if target not in frame:
            raise ValueError(no_column(target, list(frame)))
    others = frame.drop(columns=targets)
    if not others.shape[1]:
        raise ValueError(
            f"There are no columns besides {', '.join(map(repr, targets))}. Comma, "
            "semicolon, tab or bar must separate them."
        )
    return others, frame[list(dict.fromkeys(targets))]


def _labelled(features, targets):
    if empty := [name for name in targets if targets[name].isna().all()]:
        raise ValueError(
            f"No row has a target: column {empty[0]!r} is empty. Name another one "
            "with --target."
        )
    missing = targets.isna().any(axis=1)
    remark = f"Rows without a target, which are left out: {missing.sum():,}."
    kept = ~missing
    return features[kept], targets[kept], [remark] if missing.any() else []


def _names(text):
    return text.split(",") if text else []
