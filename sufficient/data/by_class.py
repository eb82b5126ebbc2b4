"""Scores and numbers of samples of each class, label, or bin of a numeric target."""

from __future__ import annotations

import numpy as np

from sufficient.data.bins import bin_names
from sufficient.data.task import Task
from sufficient.data.tasks import Regression

__all__ = ["class_counts", "class_names", "class_scores", "errors_by_bin"]


def class_names(task: Task) -> np.ndarray:
    """Labels, or the intervals of a numeric target; none for several targets."""
    if isinstance(task, Regression):
        return bin_names(task.edges)
    return task.fitted_attributes()["classes_"]


def class_counts(task: Task, encoded: np.ndarray) -> np.ndarray:
    """Number of samples of each class, with each label, or in each bin.

    Parameters
    ----------
    task : Task
        How targets are read.
    encoded : ndarray of shape (n,) or (n, n_labels)
        Targets as the net is trained on them.

    Returns
    -------
    ndarray of shape (n_classes,), int64
        Empty for several numeric targets.

    Examples
    --------
    >>> import numpy as np
    >>> from sufficient.data.tasks import Classification
    >>> class_counts(Classification(np.array(["a", "b", "c"])), np.array([2, 0, 2]))
    array([1, 0, 2])
    """
    if isinstance(task, Regression):
        n_bins = len(class_names(task))
        return np.bincount(_bins_of(task, encoded), minlength=n_bins)
    if task.has_one_label:
        codes = encoded.reshape(-1).astype(np.int64)
        return np.bincount(codes, minlength=task.n_outputs)
    return (encoded > 0).sum(axis=0)


def class_scores(
    task: Task, encoded: np.ndarray, predictions: np.ndarray
) -> np.ndarray:
    r"""Recall of each class, F1 of each label, or what is explained in each bin.

    With one label per sample, the share of the samples of a class that are right. With
    several, the accuracy of a rare label would be high for any net, so it is

    .. math:: F_1 = \frac{2 \, \text{TP}}{2 \, \text{TP} + \text{FP} + \text{FN}}.

    In a bin G of a numeric target, the mean squared error over the variance of all
    targets,

    .. math:: 1 - \frac{1}{|G|} \sum_{i \in G} (y_i - \hat y_i)^2 \Big/
              \frac{1}{n} \sum_i (y_i - \bar y)^2,

    since targets of one bin hardly vary, so that their own :math:`R^2` would say
    little. Weighted by the samples of each bin these scores average to :math:`R^2`, as
    recalls do to the accuracy.

    Parameters
    ----------
    task : Task
        How targets are read.
    encoded : ndarray of shape (n,) or (n, n_labels)
        Targets as the net is trained on them.
    predictions : ndarray
        As `Task.answers` gives them.

    Returns
    -------
    ndarray of shape (n_classes,), float64
        NaN where no sample has the class, label or target, or all targets are the same;
        empty for several numeric targets.
    """
    if isinstance(task, Regression):
        parts = errors_by_bin(task, encoded, predictions)
        return np.array([1 - part.mean() if len(part) else np.nan for part in parts])
    counts = class_counts(task, encoded)
    if task.has_one_label:
        right = encoded.reshape(-1) == predictions.reshape(-1)
        return _ratio(class_counts(task, encoded[right]), counts)
    decided = task.decode(predictions)
    found = ((encoded > 0) & (decided > 0)).sum(axis=0)
    mean_count = (counts + class_counts(task, decided)) / 2
    return np.where(counts > 0, _ratio(found, mean_count), np.nan)


def errors_by_bin(
    task: Regression, encoded: np.ndarray, predictions: np.ndarray
) -> list[np.ndarray]:
    """Squared errors of the samples of each bin, over the variance of all targets.

    Parameters
    ----------
    task, encoded, predictions
        As for `class_scores`.

    Returns
    -------
    list of ndarray
        NaN where all targets are the same; an empty list for several targets.
    """
    bins = _bins_of(task, encoded)
    if not len(bins):
        return []
    # In float64, because the squares may overflow float32.
    targets = encoded.reshape(-1).astype(np.float64)
    errors = (predictions.reshape(-1).astype(np.float64) - targets) ** 2
    relative = errors / (targets.var() or np.nan)
    return [relative[bins == place] for place in range(len(task.edges) + 1)]


def _bins_of(task, encoded):
    """The bin of each sample; none where a sample has several targets."""
    if not len(task.edges):
        return np.zeros(0, np.int64)
    edges = task.encode(task.edges).reshape(-1)
    return np.searchsorted(edges, encoded.reshape(-1))


def _ratio(part, whole):
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
