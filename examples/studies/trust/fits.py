"""One real fit: what it says, and what the test set says of its net."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from math import nan
from typing import Any
from unittest.mock import patch

import numpy as np

from sufficient import SampleSizeEstimator
from sufficient.growing.probe import Probe
from sufficient.results import UNKNOWN_GAIN

from ..common.clock import timed
from .data import Data
from .exam import constant_scores, spread, test_loss, test_scores
from .pairs import Pair

__all__ = ["COLUMN", "fit_results"]

COLUMN = "column "
# Two neighbouring sizes are a factor of 1.41 apart, unless the fit has stopped.
STOPPED = 1.6


def fit_results(
    pair: Pair, seed: int, n: int, settings: dict[str, Any]
) -> dict[str, np.ndarray]:
    """Fit to n samples; return everything that is said and everything that is true.

    Parameters
    ----------
    pair : Pair
        Data, net and scoring.
    seed : int
        Of the subset and of the fit.
    n : int
        Samples that are given, the held-out ones included.
    settings : dict
        Parameters of `SampleSizeEstimator` that differ from the defaults.

    Returns
    -------
    dict of str to ndarray
        Numbers and texts by name, and the columns of the fit as ``column ...``.
    """
    data = pair.load()
    est = SampleSizeEstimator(
        pair.estimator(), scoring=pair.scoring, random_state=seed, **settings
    )
    with _longer_trained() as longer:
        run = timed(est.fit, *data.given(n, seed))
    found = {
        "seconds": run.cpu,
        **_answer(est),
        **_truth(est, data),
        **_truth_after_twice_the_steps(est, data, longer),
        **{COLUMN + name: values for name, values in est.curves_.items()},
    }
    return {name: np.array(value) for name, value in found.items()}


@contextmanager
def _longer_trained() -> Iterator[dict[str, Any]]:
    """The weights that twice the steps lead to, as the fit itself compares them."""
    weights: dict[str, Any] = {}
    compare = Probe.with_gain_of

    def watched(probe, change, net, *rest):
        weights.update(copy.deepcopy(net.module_.state_dict()))
        return compare(probe, change, net, *rest)

    with patch.object(Probe, "with_gain_of", watched):
        yield weights


def _answer(est):
    """What the fit says."""
    training, forecast = est.gain_from_training_, est.curve_.forecast
    sizes = est.train_sizes_
    return {
        "verdict": est.verdict_,
        "limited_by": est.limited_by_,
        "summary": est.summary(),
        "probability": est.probability_sufficient_,
        **_gain("gain", est.gain_from_data_),
        **_gain("training_gain", training),
        **_loss_fall(est),
        "n_train": est.n_train_,
        "n_used": sizes[-1],
        "n_stopped": sizes[-2] if _stopped(sizes) else sizes[-1],
        "settled": est.converged_,
        "at_most": forecast.is_at_most,
        "k_star": _number(est.k_star_),
        "n_star": _number(est.n_samples_star_),
        "n_needed": _number(est.n_samples_needed_),
        "n_needed_low": est.n_samples_needed_interval_[0],
        "n_needed_high": _number(est.n_samples_needed_interval_[1]),
    }


def _stopped(sizes):
    return len(sizes) > 1 and sizes[-1] > STOPPED * sizes[-2]


def _gain(name, gain):
    return {name: gain[0], f"{name}_low": gain[1][0], f"{name}_high": gain[1][1]}


def _loss_fall(est):
    """By how much the loss should fall; its forecast is that of the negative loss."""
    forecast = est.loss_forecast_
    known = UNKNOWN_GAIN if forecast is None else forecast.gain()
    return _gain("loss_fall", known)


def _number(value):
    return nan if value is None else value


def _truth(est, data: Data):
    """What the test set says."""
    scores, constant = test_scores(est, data), constant_scores(est.scoring, data)
    temperature = float(est.curves_["temperature"][-1])
    above = scores - constant
    return {
        "test_scores": scores,
        "constant_score": constant[0],
        "above_constant": above[0] / max(spread(above), 1e-12),
        "test_loss": test_loss(est, data, temperature),
        "loss_unit": _loss_unit(est, data),
    }


def _truth_after_twice_the_steps(est, data, weights):
    if not weights:
        return {"twice_scores": np.full(1, nan)}
    module = est.estimator_.module_
    before = copy.deepcopy(module.state_dict())
    module.load_state_dict(weights)
    scores = test_scores(est, data)
    module.load_state_dict(before)
    return {"twice_scores": scores}


def _loss_unit(est, data):
    """What the losses of a fit are multiplied with to be those of the test set."""
    if not data.is_regression:
        return 1.0
    return float(np.mean(est.curve_.task.scale) ** 2 / data.y_test.var())
