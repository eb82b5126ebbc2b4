"""Verdicts where there is nothing to learn, or too little to tell. Oracle: chance."""

from __future__ import annotations

import numpy as np
import pytest

from sufficient import SampleSizeEstimator
from sufficient.nets import default_net
from tests.small import STEPWISE, small


class TestChance:
    @pytest.mark.parametrize("n_classes", [2, 4])
    @pytest.mark.parametrize("n", [100, 200])
    def test_a_net_no_better_than_chance_never_suffices(self, n, n_classes):
        net = default_net("mlp", module__hidden_sizes=(8,))
        verdicts = []
        for seed in range(10):
            rng = np.random.default_rng([seed, n_classes, n])
            X, y = rng.standard_normal((n, 10)), rng.integers(n_classes, size=n)
            est = small(
                net, tol=1e6, update_epochs=5, schedule="all", random_state=seed
            )
            verdicts.append(est.fit(X, y).verdict_)
            assert est.converged_
        assert "sufficient" not in verdicts

    def test_nor_does_one_for_random_targets(self):
        net = default_net("mlp", regression=True, module__hidden_sizes=(8,))
        verdicts = []
        for seed in range(5):
            rng = np.random.default_rng(seed)
            X, y = rng.standard_normal((100, 10)), rng.standard_normal(100)
            est = small(net, tol=1e6, update_epochs=5, random_state=seed)
            verdicts.append(est.fit(X, y).verdict_)
        assert "sufficient" not in verdicts


def test_one_net_trained_on_everything_never_makes_the_data_sufficient(digits):
    est = SampleSizeEstimator(training="full", tol=1e9, n_directions=2, random_state=0)
    est.fit(*digits)
    assert est.converged_
    assert np.isnan(est.expected_gain_)
    assert est.verdict_ == "cannot tell yet"
    assert "One net was trained" in est.summary(detail=True)


def test_fewer_fresh_samples_than_a_batch_still_give_every_figure(digits):
    X, y = digits
    est = SampleSizeEstimator(
        batch_size=80,
        validation_fraction=0.1,
        n_directions=2,
        random_state=0,
        **STEPWISE,
    ).fit(X, y)
    assert est.curves_["n_fresh"][-1] < 80
    assert np.isfinite(est.curves_["eigenvalue"]).all()
    assert np.isfinite(est.curves_["one_batch"]).all()
