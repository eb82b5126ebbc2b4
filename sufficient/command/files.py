"""Samples and targets out of a user's file, or a sentence on why not."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler
from sklearn.utils import resample

from sufficient import datasets
from sufficient.command.arguments import CHOICES, DATA_SETS

__all__ = ["load", "read_file"]

NUMBERS = "biuf"


def load(args: Namespace) -> tuple[np.ndarray, np.ndarray]:
    """X and y of the data set or file that the command was asked about."""
    kind = Path(args.data).suffix.lower()
    if args.target and kind != ".csv":
        raise ValueError("--target is for .csv files.")
    if args.data in DATA_SETS:
        return getattr(datasets, DATA_SETS[args.data])(n_samples=args.n_samples)
    if kind not in (".npz", ".csv"):
        raise ValueError(f"No data set is called {args.data!r}. Choose {CHOICES}.")
    X, y, target = read_file(args.data, args.target)
    if target is not None and not args.quiet:
        note = f"Features standardised; the target is {target!r} (see --regression)."
        print(note, file=sys.stderr)
    if (n := args.n_samples) is not None:
        X, y = resample(X, y, replace=False, n_samples=n, random_state=args.seed)
    return X, y.astype(str) if y.dtype.kind in "OS" else y


def read_file(
    path: str | os.PathLike[str], target: str | None = None
) -> tuple[np.ndarray, np.ndarray, str | None]:
    """Read X and y from an .npz or a .csv file.

    Parameters
    ----------
    path : str or path-like
        The file. Arrays are taken as they are, columns of a table are standardised.
    target : str or None, default=None
        Column of a table that is y; None is the last.

    Returns
    -------
    X : ndarray of shape (n, ...)
        Samples.
    y : ndarray of shape (n,) or (n, n_targets)
        Labels or targets.
    target : str or None
        The column that y is, None for arrays.

    Raises
    ------
    ValueError
        If the file is damaged, or holds something else.
    OSError
        If it is not there, or there is no right to read it.
    """
    try:
        if Path(path).suffix.lower() == ".npz":
            return *_arrays(path), None
        return _table(path, target)
    except Exception as error:  # Whatever a damaged file brings about.
        if getattr(error, "filename", None):
            raise
        raise ValueError(f"{path} cannot be used: {str(error)[:500]}") from error


def _arrays(path):
    arrays = np.load(path, allow_pickle=False)
    names = getattr(arrays, "files", ["one array"])
    if not {"X", "y"} <= set(names):
        raise ValueError(f"It holds {names}. Write it with np.savez(file, X=X, y=y).")
    X, y = arrays["X"], arrays["y"]
    for name, array, kinds in (("X", X, NUMBERS), ("y", y, NUMBERS + "SU")):
        if array.dtype.kind not in kinds:
            raise ValueError(f"{name} holds {array.dtype}, which cannot be learnt.")
        if not array.ndim:
            raise ValueError(f"{name} is a single value, and no rows.")
    return X, y


def _table(path, target):
    frame = pd.read_csv(path)
    frame = frame.loc[:, ~frame.columns.str.startswith("Unnamed: ")]
    target = target or frame.columns[-1]
    if target not in frame:
        raise ValueError(f"It has no column {target!r}, but {list(frame)}.")
    features = frame.drop(columns=target)
    if not features.size:
        raise ValueError(f"There are no rows, or no columns besides {target!r}.")
    if words := list(features.select_dtypes(exclude=["number", "bool"])):
        raise ValueError(f"Columns {words} are not numeric. Encode or drop them.")
    if holes := list(frame.columns[frame.isna().any()]):
        raise ValueError(f"Columns {holes} have missing values. Fill or drop them.")
    X = StandardScaler().fit_transform(features)
    return X, frame[target].to_numpy(), target
