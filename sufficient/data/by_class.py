"""Scores and numbers of samples of each class, or of each label."""

from __future__ import annotations

import numpy as np

from sufficient.data.task import Task

__all__ = ["class_counts", "class_scores"]


def class_counts(task: Task, encoded: np.ndarray) -> np.ndarray:
    """Number of samples of each class, or with each label.

    Parameters
    ----------
    task : Task
        How targets are read.
    encoded : ndarray of shape (n,) or (n, n_labels)
        Targets as the net is trained on them.

    Returns
    -------
    ndarray of shape (n_classes,), int64
        Empty for regression.

    Examples
    --------
    >>> import numpy as np
    >>> from sufficient.data.tasks import Classification
    >>> class_counts(Classification(np.array(["a", "b", "c"])), np.array([2, 0, 2]))
    array([1, 0, 2])
    """
    if task.is_regression:
        return np.zeros(0, np.int64)
    if task.has_one_label:
        codes = encoded.reshape(-1).astype(np.int64)
        return np.bincount(codes, minlength=task.n_outputs)
    return (encoded > 0).sum(axis=0)


def class_scores(
    task: Task, encoded: np.ndarray, predictions: np.ndarray
) -> np.ndarray:
    r"""Recall of each class, or F1 of each label.

    With one label per sample, the share of the samples of a class that are right. With
    several, the accuracy of a rare label would be high for any net, so it is

    .. math:: F_1 = \frac{2 \, \text{TP}}{2 \, \text{TP} + \text{FP} + \text{FN}}.

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
        NaN where no sample has the class or label; empty for regression.
    """
    counts = class_counts(task, encoded)
    if task.is_regression:
        return np.zeros(0)
    if task.has_one_label:
        right = encoded.reshape(-1) == predictions.reshape(-1)
        return _ratio(class_counts(task, encoded[right]), counts)
    decided = task.decode(predictions)
    found = ((encoded > 0) & (decided > 0)).sum(axis=0)
    mean_count = (counts + class_counts(task, decided)) / 2
    return np.where(counts > 0, _ratio(found, mean_count), np.nan)


def _ratio(part, whole):
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
