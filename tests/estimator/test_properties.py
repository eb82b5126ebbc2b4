"""Random questions. Oracle: what a whole answer or a clear refusal has to be."""

from __future__ import annotations

import os
import re
import warnings

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, event, given, seed, settings

from sufficient import SampleSizeEstimator
from sufficient.data.tasks import Regression
from sufficient.decision.verdict import VERDICTS
from sufficient.nets import default_net
from tests.estimator.kinds import OfTokens, OfTwo, questions_of_kinds
from tests.estimator.questions import NETS, PARAMETERS, questions
from tests.small import STEPWISE

N_CASES = int(os.environ.get("SUFFICIENT_CASES", "2000"))
MAY_BE_NAN = {
    # Of a single candidate batch.
    "one_batch_std_err": ("n_candidates", 1),
    "eigenvalue_std_err": ("n_candidates", 1),
    # Of a single held-out sample.
    "validation_score_std_err": ("n_held_out", 1),
    "validation_loss_std_err": ("n_held_out", 1),
    # Where nothing changes at all.
    "level_share": ("projected", 0),
    "quadratic_ratio": ("projected", 0),
}
# Measured at the last size, or where it is asked for.
NOT_EVERYWHERE = {"prediction_agreement"} | {
    f"{change}_gain{part}"
    for change in ("longer_training", "wider_net")
    for part in ("", "_std_err")
}
MAY_BE_INFINITE = {
    # Of a single fresh sample.
    "delta_std_err",
    "projected_std_err",
}
POSITIVE = ["delta", "projected", "one_batch", "eigenvalue", "smoothed"]
SHARES = ["eigen_certified", "shifts_certified", "train_score", "validation_score"]
# What an error has to be about, for a person to know where to look.
SUBJECTS = (
    r"\bX\b|\by\b|sample|class|label|target|feature|net\b|module|criterion|loss|"
    r"batch_size|n_directions|schedule|validation_fraction|learning rate|dtype|shape|"
    r"parameter|memory|sigma|Complex data"
)


def check(net, parameters, X, y, weights=None):
    """Ask, and see that the answer is whole or the refusal is clear."""
    state, np_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    est = SampleSizeEstimator(net, **parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # What is not finite, and nobody checks, would warn.
        warnings.filterwarnings("error", "", RuntimeWarning, "sufficient")
        answer_or_refuse(est, X, y, weights)
    assert torch.equal(torch.get_rng_state(), state)
    if parameters["random_state"] is not None:
        assert (np.random.get_state()[1] == np_state).all()
    assert float(torch.tensor(1e-39) * 1.0) > 0


def answer_or_refuse(est, X, y, weights):
    try:
        est.fit(X, y, weights)
    except (ValueError, TypeError) as error:
        event("refused")
        check_refusal(error)
        if not hasattr(est, "curve_"):
            return
        # What was measured before the loss was no number any more.
    event(f"answered: {est.verdict_}")
    check_answer(est, X, np.ones(len(y)) if weights is None else weights)


def check_refusal(error):
    sentence = str(error)
    assert 15 < len(sentence) < 2000, sentence
    named = re.search(SUBJECTS, sentence) or any(p in sentence for p in PARAMETERS)
    assert named, sentence
    assert not re.search(r"Traceback|File \"|0x[0-9a-f]{6}|aten::", sentence), sentence


def check_answer(est, X, weights):
    curves, n_sizes = est.curves_, len(est.batch_counts_)
    assert n_sizes > 0
    assert {len(column) for column in curves.values()} == {n_sizes}
    for name, column in curves.items():
        bad = ~np.isfinite(column)
        if name in NOT_EVERYWHERE:
            bad &= ~np.isnan(column)
        elif name in MAY_BE_NAN:
            why, value = MAY_BE_NAN[name]
            bad &= ~(np.isnan(column) & (curves[why] == value))
        elif name in MAY_BE_INFINITE:
            bad &= ~((column == np.inf) & (curves["n_fresh"] == 1))
        assert not bad.any(), (name, column)
    for name in POSITIVE:
        assert (curves[name] >= 0).all(), (name, curves[name])
    for name in {n for n in curves if n.endswith("_std_err")}:
        assert not (curves[name] < 0).any(), name
    for name in SHARES:
        assert (curves[name] <= 1).all(), name
    check_sizes(est, np.flatnonzero(weights).tolist())
    check_spectrum(est)
    check_decision(est)
    predicted = est.predict(X)
    assert len(predicted) == len(weights)
    if hasattr(est, "classes_") and predicted.ndim == 1:
        assert set(predicted.tolist()) <= set(est.classes_.tolist())
    assert est.verdict_ in est.summary()
    assert "nan" not in est.summary(), est.summary()


def check_sizes(est, counted):
    k, n = est.batch_counts_, est.train_sizes_
    assert (np.diff(k) > 0).all()
    held_out, rows = est.validation_indices_, est.train_indices_
    assert (n == np.minimum(k * est.batch_size_, len(rows))).all()
    assert est.n_train_ == len(rows)
    assert sorted([*rows, *held_out]) == counted


def check_spectrum(est):
    values = est.eigenvalues_
    assert values.shape[0] == len(est.batch_counts_)
    scale = np.abs(values).max(initial=1e-30)
    assert (np.diff(values, axis=1) <= 1e-5 * scale).all(), values
    assert set(np.unique(est.curves_["eigen_certified"])) <= {0, 1}
    lowest = est.curves_["smallest_eigenvalue"]
    assert (lowest <= values[:, 0] + 1e-4 * scale).all()
    P = est.curve_.eigenvectors
    torch.testing.assert_close(P.T @ P, torch.eye(P.shape[1]), atol=1e-3, rtol=0)


def check_decision(est):
    assert est.verdict_ in VERDICTS
    low, high = est.n_samples_needed_interval_
    needed = est.n_samples_needed_
    assert low > 0 and (high is None or low <= high)
    assert needed is None or low <= needed
    assert needed is None or high is None or needed <= high
    assert est.converged_ == (est.k_star_ is not None)
    if est.converged_:
        assert est.n_samples_star_ == est.k_star_ * est.batch_size_
        assert est.n_samples_needed_ == est.n_samples_star_ <= est.train_sizes_[-1]
        assert est.curves_["smoothed"][-1] < est.tol
    else:
        assert est.n_samples_star_ is None
        assert needed is None or needed > est.train_sizes_[-1]
    if est.score_forecast_ is None:
        assert np.isnan(est.expected_gain_)
        assert est.verdict_ != "sufficient"
    else:
        left, right = est.expected_gain_interval_
        assert left <= est.expected_gain_ <= right
        assert 0 <= est.probability_sufficient_ <= 1
    assert est.training != "full" or est.score_forecast_ is None


HOW = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


@given(question=questions())
@settings(max_examples=40, derandomize=True, **HOW)
def test_every_question_has_an_answer_or_a_refusal(question):
    check(*question)


@given(question=questions_of_kinds())
@settings(max_examples=30, derandomize=True, **HOW)
def test_so_has_every_question_about_other_kinds_of_data(question):
    check(*question)


@pytest.mark.slow
@seed(0)
@given(question=questions_of_kinds())
@settings(max_examples=N_CASES, **HOW)
def test_so_have_thousands_about_other_kinds_of_data(question):
    check(*question)


@pytest.mark.slow
@seed(0)
@given(question=questions())
@settings(max_examples=N_CASES, **HOW)
def test_thousands_of_questions_have_an_answer_or_a_refusal(question):
    check(*question)


QUICK = {"n_monte_carlo": 3, "n_directions": 2, "schedule": [2, 3], "random_state": 0}
QUICK |= STEPWISE
RNG = np.random.default_rng(0)
SOME_X, SOME_Y = RNG.standard_normal((40, 3)).astype(np.float32), np.arange(40) % 2


def quick(name, **changes):
    return SampleSizeEstimator(NETS[name](), **{**QUICK, **changes})


def without_scaling(name, **changes):
    est = quick(name, **changes)
    return est.set_params(estimator__module__standardise=False)


class TestWhatTheyFound:
    def test_words_as_targets_of_a_regressor(self):
        words = np.where(SOME_Y, "yes", "no")
        with pytest.raises(
            ValueError, match=r"y holds values that are not numbers .*'no'"
        ):
            quick("regression").fit(SOME_X, words)

    def test_targets_that_are_missing(self):
        with pytest.raises(ValueError, match="y contains NaN or None"):
            quick("regression").fit(SOME_X, [None, *SOME_Y[1:]])

    def test_words_as_labels_of_which_some_are_missing(self):
        words = np.where(SOME_Y, "yes", None)
        with pytest.raises(ValueError, match="y contains NaN or None"):
            quick("mlp").fit(SOME_X, words)

    def test_words_as_features(self):
        with pytest.raises(
            ValueError, match=r"X holds values that are not numbers .*Pass a data frame"
        ):
            quick("mlp").fit(SOME_X.astype(str).astype(object) + "x", SOME_Y)

    def test_samples_in_reverse_memory(self):
        est = quick("mlp").fit(SOME_X, SOME_Y)
        assert (est.predict(SOME_X[::-1]) == est.predict(SOME_X)[::-1]).all()

    @pytest.mark.filterwarnings("error::RuntimeWarning")
    def test_a_net_that_answers_everything_alike(self):
        est = quick("no bias").fit(np.zeros_like(SOME_X), SOME_Y)
        assert (est.bound_curve_ == 0).all()
        assert np.isnan(est.curves_["quadratic_ratio"]).all()
        assert est.verdict_ == "has not learnt"
        assert "nothing changes when a batch is added" in est.summary()

    def test_curvature_beyond_single_precision(self):
        with pytest.raises(ValueError, match=r"curvature.* became (inf|nan) with 12"):
            without_scaling("mlp", batch_size=6).fit(SOME_X * 1e30, SOME_Y)

    def test_scores_whose_square_is_beyond_single_precision(self):
        task = Regression.of(1.0 * SOME_Y)
        far_off = np.full((40, 1), 1e25, dtype=np.float32)
        assert -1e52 < task.score(task.encode(SOME_Y), far_off) < -1e48

    def test_a_device_without_numbers(self):
        with pytest.raises(ValueError, match="device='meta' is not there"):
            quick("mlp", device="meta").fit(SOME_X, SOME_Y)

    def test_losses_beyond_all_numbers_at_displaced_weights(self):
        counts = RNG.integers(9, size=40).astype(float)
        with pytest.raises(ValueError, match=r"displaced by sigma=1e\+03.*Lower sigma"):
            quick("poisson", sigma=1e3).fit(20 * SOME_X, counts)

    def test_gradients_whose_square_is_beyond_single_precision(self):
        est = without_scaling("linear", sigma=1e-30).fit(SOME_X * 1e25, SOME_Y)
        norms = est.curves_["gradient_norm"]
        assert np.isfinite(norms).all()
        assert norms.max() > 1e20

    def test_a_lazy_net_that_cannot_take_its_tokens(self):
        X = {"tokens": np.full((40, 2), 99), "numbers": SOME_X}
        est = SampleSizeEstimator(default_net(OfTwo, module__n_outputs=2), **QUICK)
        with pytest.raises(ValueError, match=r"cannot take the inputs.*num_embeddings"):
            est.fit(X, SOME_Y)

    @pytest.mark.parametrize("row", [0, 17, 39])
    def test_the_largest_token_wherever_it_is(self, row):
        X = RNG.integers(1, 20, size=(40, 2))
        X[row] = 20
        est = SampleSizeEstimator(default_net(OfTokens, module__n_outputs=2), **QUICK)
        with pytest.raises(ValueError, match="below num_embeddings"):
            est.fit(X, SOME_Y)
        X[row] = 19
        est.partial_fit(X, SOME_Y)
        X[row] = 20
        with pytest.raises(ValueError, match="below num_embeddings"):
            est.partial_fit(X, SOME_Y)
