"""Samples and targets out of a user's file, or a sentence on why not."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

import numpy as np
from sklearn.utils import resample
from sklearn.utils.multiclass import type_of_target

from sufficient import datasets
from sufficient.command.arguments import CHOICES, DATA_SETS
from sufficient.command.images import load_images
from sufficient.command.reading import SUFFIXES, suffix_of
from sufficient.command.tables import Data, load_table

__all__ = ["load", "read_arrays"]

NUMBERS = "biuf"


def load(args: Namespace) -> Data:
    """The data set or file that the command was asked about.

    Raises
    ------
    ValueError
        If the file is damaged, or holds something else.
    ImportError
        If reading or encoding it needs a library that is missing.
    OSError
        If it is not there, or there is no right to read it.
    """
    suffix = suffix_of(args.data)
    is_table = suffix in SUFFIXES and args.data not in DATA_SETS
    if not is_table and (args.target or args.drop or args.keep):
        raise ValueError("--target, --drop and --keep are for tables.")
    if Path(args.data).is_dir() and args.data not in DATA_SETS:
        return load_images(args)
    if args.data in DATA_SETS:
        X, y = getattr(datasets, DATA_SETS[args.data])(n_samples=args.n_samples)
        return _data(X, y, args)
    if not is_table and suffix != ".npz":
        raise ValueError(f"No data set is called {args.data!r}. Choose {CHOICES}.")
    try:
        return load_table(args) if is_table else _file_of_arrays(args)
    except Exception as error:  # Whatever a damaged file brings about.
        if getattr(error, "filename", None) or isinstance(error, ImportError):
            raise
        raise ValueError(f"{args.data} cannot be used: {_told(error)}") from error


def read_arrays(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read X and y from an .npz file, as they are.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    X : ndarray of shape (n, ...)
        Samples.
    y : ndarray of shape (n,) or (n, n_targets)
        Labels or targets.

    Raises
    ------
    ValueError
        If it holds something else.
    """
    arrays = np.load(Path(path), allow_pickle=False)
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


def _told(error):
    if isinstance(error, UnicodeDecodeError):
        return "Its text is not in UTF-8. Save it in that encoding."
    return str(error)[:800] or "It holds nothing that can be read."


def _file_of_arrays(args):
    X, y = read_arrays(args.data)
    if (n := args.n_samples) is not None:
        X, y = resample(X, y, replace=False, n_samples=n, random_state=args.seed)
    return _data(X, y.astype(str) if y.dtype.kind == "S" else y, args)


def _data(X, y, args):
    regression = args.regression
    if regression is None:
        regression = type_of_target(y).startswith("continuous")
    elif not regression and y.ndim == 1 and y.dtype.kind == "f":
        y = y.astype(str)
    return Data(X, y, regression)
