"""Oracles: scikit-learn's metrics on the predictions of the fitted estimator."""

import numpy as np
import pytest
from sklearn.metrics import (
    balanced_accuracy_score,
    log_loss,
    make_scorer,
    mean_absolute_error,
    roc_auc_score,
)

from sufficient import SampleSizeEstimator
from sufficient.nets import default_net
from tests.small import STEPWISE

QUICK = {
    "n_directions": 3,
    "n_monte_carlo": 8,
    "tol": 1e-9,
    "schedule": [4, 6, 8, 10],
    "batch_size": 20,
    "random_state": 0,
    **STEPWISE,
}
NAMES = np.array([f"digit {i}" for i in range(10)])


@pytest.fixture(scope="module")
def named_digits(many_digits):
    X, y = many_digits
    return X, NAMES[y]


def fitted(data, scoring, net="mlp"):
    return SampleSizeEstimator(net, scoring=scoring, **QUICK).fit(*data)


@pytest.mark.parametrize(
    ("scoring", "metric"),
    [
        ("balanced_accuracy", lambda y, est, X: balanced_accuracy_score(y, est(X))),
        ("neg_log_loss", lambda y, est, X: -log_loss(y, est.proba(X), labels=NAMES)),
        (
            "roc_auc_ovr",
            lambda y, est, X: roc_auc_score(y, est.proba(X), multi_class="ovr"),
        ),
        (
            make_scorer(balanced_accuracy_score),
            lambda y, est, X: balanced_accuracy_score(y, est(X)),
        ),
    ],
)
def test_the_curve_is_the_metric_of_the_net(named_digits, scoring, metric):
    X, y = named_digits
    est = fitted(named_digits, scoring)

    class Net:
        proba = staticmethod(est.predict_proba)

        def __call__(self, X):
            return est.predict(X)

    for rows, name in (
        (est.validation_indices_, "validation_score"),
        (est.train_indices_[: est.train_sizes_[-1]], "train_score"),
    ):
        found = est.curves_[name][-1]
        assert found == pytest.approx(metric(y[rows], Net(), X[rows]), abs=1e-6)


def test_accuracy_by_name_is_the_default(named_digits):
    named, default = (fitted(named_digits, scoring) for scoring in ("accuracy", None))
    for name in ("train_score", "validation_score"):
        np.testing.assert_allclose(named.curves_[name], default.curves_[name])
    errors = (
        est.curves_["validation_score_std_err"].mean() for est in (named, default)
    )
    assert np.divide(*errors) == pytest.approx(1, abs=0.5)


def test_chance_is_an_answer_that_does_not_look(named_digits):
    est = fitted(named_digits, "roc_auc_ovr")
    np.testing.assert_allclose(est.curves_["chance_score"], 0.5)


def test_a_regression_may_be_scored_by_its_error():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 5)).astype(np.float32)
    y = 7 + 3 * X[:, 0]
    net = default_net("mlp", regression=True, module__hidden_sizes=(8,))
    est = fitted((X, y), "neg_mean_absolute_error", net)
    rows = est.validation_indices_
    error = mean_absolute_error(y[rows], est.predict(X[rows]))
    assert est.score_curve_[-1] == pytest.approx(-error, rel=1e-5)


def test_several_metrics_at_once_are_refused(named_digits):
    with pytest.raises(ValueError, match="one number"):
        fitted(named_digits, lambda estimator, X, y: {"a": 1.0, "b": 2.0})


def test_an_unknown_name_is_refused(named_digits):
    with pytest.raises(ValueError, match=r"no scorer .* Did you mean 'accuracy'"):
        fitted(named_digits, "accurracy")  # codespell:ignore


def test_a_name_is_saved_and_a_function_is_refused(named_digits, tmp_path):
    fitted(named_digits, "balanced_accuracy").save(tmp_path / "named")
    loaded = SampleSizeEstimator.load(tmp_path / "named")
    assert loaded.scoring == "balanced_accuracy"
    own = fitted(named_digits, make_scorer(balanced_accuracy_score))
    with pytest.raises(ValueError, match="name of a scorer"):
        own.save(tmp_path / "own")
