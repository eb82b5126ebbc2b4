"""Labelled samples that are too few to be measured on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, issparse, vstack

from sufficient.data.dtypes import FLOAT, WHOLE, in_dtype
from sufficient.data.row_source import RowSource
from sufficient.data.task import Weights
from sufficient.fields import Fields, from_state, state_of
from sufficient.sample_weights import weights_or_ones
from sufficient.settings import Settings
from sufficient.typing import ArrayLike

__all__ = ["Waiting"]

# Of fewer samples, a few are held out, and they would tell next to nothing.
LEAST_BATCH = 16


@dataclass(frozen=True)
class Waiting:
    """Samples that have come since the last measurement.

    Attributes
    ----------
    X : ndarray or RowSource of shape (n, ...), Fields, DataFrame or sparse matrix
        Samples; a data frame or sparse matrix where an encoder takes them.
    y : ndarray of shape (n,) or (n, n_targets)
        Their labels or targets.
    classes : array-like or None
        All labels there can be, where the first call named them.
    weights : ndarray of shape (n,) or None, default=None
        Their weights; None if all are 1.
    unlabelled : array-like or None, default=None
        Samples without targets, where the first call had them.
    names : ndarray of shape (n_targets,) or None, default=None
        Names of several labels, from the columns of the first data frame.
    """

    X: Any
    y: np.ndarray
    classes: ArrayLike = None
    weights: Weights = None
    unlabelled: Any = None
    names: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.y)

    def and_then(self, more: Waiting) -> Waiting:
        """With more samples."""
        X = _joined(self.X, _in_memory(more.X))
        y, weights = np.concatenate([self.y, more.y]), None
        if self.weights is not None or more.weights is not None:
            parts = [weights_or_ones(one.weights, len(one)) for one in (self, more)]
            weights = np.concatenate(parts)
        names = more.names if self.names is None else self.names
        return replace(self, X=X, y=y, weights=weights, names=names)

    def in_memory(self) -> Waiting:
        """The same samples, read if they were not."""
        return replace(self, X=_in_memory(self.X))

    def is_batch(self, settings: Settings) -> bool:
        """Whether there are as many as a measurement takes."""
        size = settings.batch_size
        return len(self) >= (LEAST_BATCH if size == "auto" else max(2, int(size)))

    @property
    def is_varied(self) -> bool:
        """Whether there are two labels, without which nothing can be learnt."""
        return bool((self.y != self.y[0]).any())

    def state(self) -> dict[str, Any]:
        """In plain values, for storage."""
        if isinstance(self.X, pd.DataFrame):
            raise ValueError(
                f"{len(self)} rows of a data frame wait until they are a batch, and "
                "cannot be stored. Give partial_fit the rest of the batch first."
            )
        classes = None if self.classes is None else np.asarray(self.classes)
        return {
            "X": _rows_state(self.X),
            "unlabelled": _rows_state(self.unlabelled),
            "y": self.y,
            "classes": classes,
            "weights": self.weights,
            "names": self.names,
        }

    @classmethod
    def resumed(cls, state: dict[str, Any]) -> Waiting:
        """The samples of which `state` was taken."""
        rows = {name: _rows_of(state[name]) for name in ("X", "unlabelled")}
        return cls(**{**state, **rows})


def _rows_state(X: Any) -> Any:
    if not issparse(X):
        return state_of(X)
    rows = X.tocsr()
    parts = {name: getattr(rows, name) for name in ("data", "indices", "indptr")}
    return {**parts, "shape": rows.shape}


def _rows_of(state: Any) -> Any:
    if not (isinstance(state, dict) and "indptr" in state):
        return from_state(state)
    parts = (state[name] for name in ("data", "indices", "indptr"))
    return csr_matrix(tuple(parts), tuple(state["shape"]))


def _in_memory(X: Any) -> Any:
    if not isinstance(X, RowSource):
        return X
    return in_dtype(X, WHOLE if X.is_whole else FLOAT)[:]


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, Fields):
        return (first.tensors() + second.tensors()).numpy()
    if issparse(first):
        return vstack([first, second], format="csr")
    join = pd.concat if isinstance(first, pd.DataFrame) else np.concatenate
    return join([first, second])
