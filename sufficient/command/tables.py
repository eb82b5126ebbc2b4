"""Samples, targets and an encoder out of a table."""

from __future__ import annotations

import warnings
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import resample

from sufficient.command.columns import chosen_features
from sufficient.command.encoding import encoder_for
from sufficient.command.reading import no_column, read_table
from sufficient.command.targets import as_target, rows_of_classes
from sufficient.growing.order import hold_out

__all__ = ["Data", "encoded_parts", "load_table"]

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
    encoder : Pipeline or None, default=None
        Makes numbers of the columns of a table; not yet fitted.
    remarks : list of str or None, default=None
        What was found and left out; None for arrays.
    """

    X: Any
    y: np.ndarray
    regression: bool
    encoder: Any = None
    remarks: list[str] | None = None


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
    others, column = _parted(read_table(args.data), args.target)
    features, remarks = chosen_features(others, _names(args.drop), _names(args.keep))
    features, column, dropped = _labelled(features, column)
    if (n := args.n_samples) is not None:
        features, column = resample(
            features, column, replace=False, n_samples=n, random_state=args.seed
        )
    y, regression, kind = as_target(column, args.regression)
    rows, rare = (slice(None), []) if regression else rows_of_classes(y)
    features, y, remarks = features.iloc[rows], y[rows], [kind, *dropped, *remarks]
    if len(y) < LEAST_ROWS:
        raise ValueError(
            f"There are {len(y)} rows to learn from, but {LEAST_ROWS} are needed."
        )
    encoder = encoder_for(features)
    return Data(features, y, regression, encoder, [*remarks, *rare])


def encoded_parts(
    data: Data, validation_fraction: float | str, seed: int
) -> dict[str, Any]:
    """Hold samples out, and encode them by what the others say.

    Parameters
    ----------
    data : Data
        Of a table.
    validation_fraction : float or "auto"
        Share to hold out, as for `SampleSizeEstimator`.
    seed : int
        Source of the choice.

    Returns
    -------
    dict
        `X`, `y`, `X_val` and `y_val` of `SampleSizeEstimator.fit`.
    """
    rest, held_out = hold_out(
        data.y,
        stratify=not data.regression,
        validation_fraction=validation_fraction,
        rng=np.random.RandomState(seed),
    )
    X = data.encoder.fit_transform(data.X.iloc[rest])
    with warnings.catch_warnings():
        # A category may be among the held-out samples alone. It is then none.
        warnings.simplefilter("ignore", UserWarning)
        X_val = data.encoder.transform(data.X.iloc[held_out])
    parts = {"X": X, "y": data.y[rest], "X_val": X_val, "y_val": data.y[held_out]}
    return {name: np.asarray(part) for name, part in parts.items()}


def _parted(frame, target):
    target = target or frame.columns[-1]
    if target not in frame:
        raise ValueError(no_column(target, list(frame)))
    others = frame.drop(columns=target)
    if not others.shape[1]:
        raise ValueError(
            f"There are no columns besides {target!r}. Comma, semicolon, tab or bar "
            "must separate them."
        )
    return others, frame[target]


def _labelled(features, column):
    missing = column.isna()
    if missing.all():
        raise ValueError(
            f"No row has a target: column {column.name!r} is empty. Name another one "
            "with --target."
        )
    remark = f"Rows without a target, which are left out: {missing.sum():,}."
    kept = ~missing
    return features[kept], column[kept], [remark] if missing.any() else []


def _names(text):
    return text.split(",") if text else []
