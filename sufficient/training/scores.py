"""How well a net does on seen and on held-out samples, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from skorch import NeuralNet

from sufficient.data.parts import in_parts
from sufficient.data.samples import Samples
from sufficient.data.task import Task
from sufficient.ranks import by_shares
from sufficient.training.criteria import TAKE_LOGITS, objective_of
from sufficient.training.scorers import contributions_by_scorer, score_by_scorer

__all__ = ["Scores", "answers_for", "scores_of", "std_err_of_mean"]


@dataclass(frozen=True)
class Scores:
    """Scores and losses of one net.

    Attributes
    ----------
    columns : dict of str to float
        `train_score`; `validation_score` and `validation_loss` with their standard
        errors; `chance_score`, that of a constant answer; and `above_chance`, by how
        many standard errors of their difference the net is better than that answer, in
        score or in loss.
    contributions : ndarray of shape (n_held_out,) or (n_groups,)
        What each held-out sample, or group of them, adds to the score. The same ones
        at every size, so that the noise common to two sizes can be measured.
    """

    columns: dict[str, float]
    contributions: np.ndarray


def scores_of(
    net: NeuralNet,
    task: Task,
    scoring: str | Callable | None,
    seen: Samples,
    held_out: Samples,
    predictions: Callable[[Samples], np.ndarray] | None = None,
) -> Scores:
    """Score a trained net.

    Parameters
    ----------
    net : NeuralNet
        The trained net.
    task : Task
        How targets are read.
    scoring : str, callable or None
        A scorer, as everywhere in scikit-learn; None is the accuracy or R^2.
    seen, held_out : Samples
        Training set and held-out part, in random order: where they are larger than
        memory, a scorer is given the first that fit.
    predictions : callable or None, default=None
        Predictions for the samples seen, where they are known already.

    Returns
    -------
    Scores
    """
    if scoring is None:
        train, each, constant = _by_task(net, task, seen, held_out, predictions)
    else:
        train = score_by_scorer(net, task, scoring, seen)
        each, constant = contributions_by_scorer(net, task, scoring, seen, held_out)
    losses, constant_losses = _losses(net, task, seen, held_out)
    better = [_standard_errors_above_zero(each - constant)]
    if constant_losses is not None:
        better.append(_standard_errors_above_zero(constant_losses - losses))
    columns = {
        "train_score": train,
        "validation_score": float(each.mean()),
        "validation_score_std_err": std_err_of_mean(each),
        "chance_score": float(constant.mean()),
        "above_chance": float(np.nanmax(better)) if np.isfinite(better).any() else 0.0,
        "validation_loss": float(losses.mean()),
        "validation_loss_std_err": std_err_of_mean(losses),
    }
    return Scores(columns, each)


def answers_for(answers: Callable, samples: Samples) -> np.ndarray:
    """Predictions for samples, of which each rank makes its share."""
    return by_shares(partial(in_parts, answers), samples.X)


def std_err_of_mean(each: np.ndarray) -> float:
    """Standard error of a mean; never zero, as if one value more were different."""
    n = len(each)
    if n < 2 or not np.isfinite(each).all():
        return float("nan")
    least = (np.abs(each).max() or 1.0) / n
    return float(max(each.std(ddof=1), least**0.5 * least**0.5) / np.sqrt(n))


def _by_task(net, task, seen, held_out, predictions):
    answers = partial(task.answers, net)
    predict = predictions or partial(answers_for, answers)
    targets, seen_targets = held_out.y.cpu().numpy(), seen.y.cpu().numpy()
    train = task.score(seen_targets, predict(seen))
    each = task.contributions(targets, in_parts(answers, held_out.X))
    constant = task.constant_predictions(seen_targets, len(targets))
    return train, each, task.contributions(targets, constant)


def _losses(net, task, seen, held_out):
    objective = objective_of(net)

    def losses(rows):
        part = held_out[rows]
        found = objective.losses(objective.parameters, part.X, part.y)
        return found.cpu().double().numpy()

    with objective.eval_mode(), torch.no_grad():
        each = by_shares(losses, np.arange(len(held_out)))
    if not isinstance(net.criterion_, TAKE_LOGITS):
        return each, None
    targets = held_out.y.cpu().numpy(), seen.y.cpu().numpy()
    return each, task.constant_losses(targets[1], targets[0])


def _standard_errors_above_zero(difference):
    if not np.any(difference):
        return 0.0
    return float(difference.mean()) / std_err_of_mean(difference)
