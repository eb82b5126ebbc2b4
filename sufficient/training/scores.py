"""How well a net does on seen and on held-out samples, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from skorch import NeuralNet
from torch import nn

from sufficient.curvature.memory import Chunks
from sufficient.data.by_class import class_counts, class_scores, errors_by_bin
from sufficient.data.parts import in_parts
from sufficient.data.samples import Samples
from sufficient.data.task import Task
from sufficient.data.tasks import Regression
from sufficient.ranks import by_shares
from sufficient.sample_weights import linearised
from sufficient.training.criteria import TAKE_LOGITS, objective_of
from sufficient.training.judge import Judge
from sufficient.training.scorers import contributions_by_scorer, score_by_scorer
from sufficient.typing import Rows

__all__ = ["Scores", "answers_for", "scores_of", "std_err_of_mean"]

CHUNK = 2048


@dataclass(frozen=True)
class Scores:
    """Scores and losses of one net.

    Attributes
    ----------
    columns : dict of str to float
        `train_score`; `validation_score` and `validation_loss` with their standard
        errors; `chance_score`, that of a constant answer; `above_chance`, by how many
        standard errors of their difference the net is better than that answer, in
        score or in loss; and the losses when the logits are divided by `temperature`:
        `calibrated_loss` on held-out samples, `calibrated_train_loss` on those seen.
    contributions : ndarray of shape (n_held_out,) or (n_groups,)
        What each held-out sample, or group of them, adds to the score. The same ones
        at every size, so that the noise common to two sizes can be measured.
    predictions : ndarray of shape (n_held_out, ...)
        Of held-out samples, as `Task.answers` gives them.
    class_scores, class_held_out : ndarray of shape (n_classes,)
        Recall of each class, or F1 of each label, and held-out samples that have it.
    class_std_err : ndarray of shape (n_bins,)
        Standard errors of the scores of bins of a target; empty for classes.
    """

    columns: dict[str, float]
    contributions: np.ndarray
    predictions: np.ndarray
    class_scores: np.ndarray
    class_std_err: np.ndarray
    class_held_out: np.ndarray


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
        memory, a scorer is given the first that fit. Their weights count in all scores
        but those of the classes.
    predictions : callable or None, default=None
        Predictions for the samples seen, where they are known already.

    Returns
    -------
    Scores
    """
    # A scorer is given no more than fits in memory; the classes are scored on the same.
    scored = held_out if scoring is None else held_out.in_memory
    targets = scored.y.cpu().numpy()
    predicted = in_parts(partial(task.answers, net), scored.X)
    if scoring is None:
        train, each, constant = _by_task(
            net, task, seen, held_out, predicted, predictions
        )
    else:
        train = score_by_scorer(net, task, scoring, seen)
        each, constant = contributions_by_scorer(net, task, scoring, seen, held_out)
    losses = linearised(_losses(objective_of(net), held_out), held_out.counted)
    constant_losses = _constant_losses(net, task, seen, held_out)
    calibrated = Judge(held_out, scoring)(net)
    at_temperature = objective_of(net, temperature=calibrated.temperature)
    n, better = len(held_out), [each - constant]
    if constant_losses is not None:
        better.append(constant_losses - losses)
    above = [_standard_errors_above_zero(difference, n) for difference in better]
    columns = {
        "train_score": train,
        "validation_score": float(each.mean()),
        "validation_score_std_err": std_err_of_mean(each, n),
        "chance_score": float(constant.mean()),
        "above_chance": float(np.nanmax(above)) if np.isfinite(above).any() else 0.0,
        "validation_loss": float(losses.mean()),
        "validation_loss_std_err": std_err_of_mean(losses, n),
        "temperature": calibrated.temperature,
        "calibrated_loss": calibrated.loss,
        "calibrated_train_loss": float(
            np.average(_losses(at_temperature, seen), weights=seen.counted)
        ),
    }
    return Scores(
        columns,
        each,
        predicted,
        class_scores=class_scores(task, targets, predicted),
        class_std_err=_std_err_by_bin(task, targets, predicted),
        class_held_out=class_counts(task, targets),
    )


def _std_err_by_bin(task, targets, predicted):
    if not isinstance(task, Regression):
        return np.zeros(0)
    parts = errors_by_bin(task, targets, predicted)
    return np.array([std_err_of_mean(part, len(part)) for part in parts])


def answers_for(answers: Callable, X: Rows) -> np.ndarray:
    """Predictions for samples, of which each rank makes its share."""
    return by_shares(partial(in_parts, answers), X)


def std_err_of_mean(each: np.ndarray, n_samples: int) -> float:
    """Standard error of a mean; never zero, as if one sample more were different.

    Parameters
    ----------
    each : ndarray of shape (n,)
        What samples, or groups of them, add to the mean.
    n_samples : int
        Samples there are in all.

    Returns
    -------
    float
        NaN where there is one value only, or one is not finite.
    """
    if len(each) < 2 or not np.isfinite(each).all():
        return float("nan")
    least = (np.abs(each).max() or 1.0) / n_samples
    return float(max(each.std(ddof=1) / np.sqrt(len(each)), least))


def _by_task(net, task, seen, held_out, predicted, predictions):
    seen_predicted = (
        predictions(seen)
        if predictions is not None
        else answers_for(partial(task.answers, net), seen.X)
    )
    seen_targets, targets = seen.y.cpu().numpy(), held_out.y.cpu().numpy()
    train = task.score(seen_targets, seen_predicted, seen.counted)
    each = task.contributions(targets, predicted, held_out.counted)
    constant = task.constant_predictions(seen_targets, len(targets), seen.counted)
    return train, each, task.contributions(targets, constant, held_out.counted)


def _losses(objective, samples):
    def losses(rows):
        part = samples[rows]
        found = objective.losses(objective.parameters, part.X, part.y)
        return found.cpu().double().numpy()

    def in_chunks(rows):
        parts = Chunks(CHUNK).map(lambda chunk: losses(rows[chunk]), len(rows))
        return np.concatenate([*parts])

    with objective.eval_mode(), torch.no_grad():
        return by_shares(in_chunks, np.arange(len(samples)))


def _constant_losses(net, task, seen, held_out):
    criterion = net.criterion_
    if not isinstance(criterion, TAKE_LOGITS):
        return None
    weight = criterion.weight
    pos_weight = getattr(criterion, "pos_weight", None)
    has_weights = weight is not None or pos_weight is not None
    # With weights of single labels there is no simple best answer.
    if has_weights and (weight is None or isinstance(criterion, nn.BCEWithLogitsLoss)):
        return None
    losses = task.constant_losses(
        seen.y.cpu().numpy(),
        held_out.y.cpu().numpy(),
        1.0 if weight is None else weight.cpu().numpy(),
        seen.counted,
    )
    return linearised(losses, held_out.counted)


def _standard_errors_above_zero(difference, n_samples):
    if not np.any(difference):
        return 0.0
    return float(difference.mean()) / std_err_of_mean(difference, n_samples)
