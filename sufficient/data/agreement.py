"""How far two nets agree on the same samples, which takes no labels."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import cohen_kappa_score

from sufficient.data.task import Task

__all__ = ["agreement"]


def agreement(task: Task, first: np.ndarray, second: np.ndarray) -> float:
    r"""Agreement of two sets of predictions, beyond that of chance.

    Cohen's kappa of the labels; with several labels per sample that of all yes and no.
    Of numbers it is the concordance correlation, which for two classes with the codes 0
    and 1 is Cohen's kappa,

    .. math:: \frac{2 \, \text{cov}(a, b)}{\text{var}(a) + \text{var}(b)
              + (\bar a - \bar b)^2},

    on average over the targets.

    Parameters
    ----------
    task : Task
        How predictions are read.
    first, second : ndarray of shape (n,) or (n, n_targets)
        As `Task.answers` gives them.

    Returns
    -------
    float
        1 where they are the same, about 0 where they have nothing in common.

    Examples
    --------
    >>> import numpy as np
    >>> from sufficient.data.tasks import Classification
    >>> task = Classification(np.array(["cat", "dog"]))
    >>> agreement(task, np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
    0.5
    """
    first, second = task.decode(first), task.decode(second)
    if (first == second).all():
        return 1.0
    if not task.is_regression:
        return float(cohen_kappa_score(first.reshape(-1), second.reshape(-1)))
    return _concordance(first.reshape(len(first), -1), second.reshape(len(second), -1))


def _concordance(first, second):
    apart = ((first - second) ** 2).mean(axis=0)
    by_chance = first.var(0) + second.var(0) + (first.mean(0) - second.mean(0)) ** 2
    disagreement = np.divide(
        apart, by_chance, out=np.zeros_like(apart), where=by_chance > 0
    )
    return float(1 - disagreement.mean())
