"""Eigensolves that are cut short. Oracle: the size at which the test cuts one."""

from __future__ import annotations

import warnings

import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from sufficient import SampleSizeEstimator
from sufficient.curvature.eigenpairs import leading
from tests.small import SEEDED, small_net

SIZES = [2, 4, 6]


@pytest.fixture
def cut_short(monkeypatch):
    """Let the solver make twelve products only, for so many samples."""
    solve, most = leading.leading_eigenpairs, leading.MAX_PRODUCTS

    def at(n_samples):
        def solve_or_give_up(operator, **how):
            few = len(operator.X) == n_samples
            monkeypatch.setattr(leading, "MAX_PRODUCTS", 1 if few else most)
            return solve(operator, **how)

        monkeypatch.setattr(leading, "leading_eigenpairs", solve_or_give_up)

    return at


def asked(X, y, **changes):
    given = {"n_directions": 3, "n_monte_carlo": 8, "eigen_tol": 1e-4}
    how = {**SEEDED, "schedule": SIZES, **given, **changes}
    net = small_net(8, module__standardise=False)
    est = SampleSizeEstimator(net, tol=1e9, **how)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        est.fit(X, y)
    told = [str(w.message) for w in caught if w.category is ConvergenceWarning]
    return est, [sentence for sentence in told if "certified" in sentence]


@pytest.mark.parametrize("bound", ["projected", "eigenvalue"])
def test_a_solve_that_is_cut_short_is_told(cut_short, digits, bound):
    cut_short(80)
    est, told = asked(*digits, bound=bound)
    assert_array_equal(est.train_sizes_, [40, 80, 120])
    assert_array_equal(est.curves_["eigen_certified"], [1, 0, 1])
    assert len(told) == 1
    assert "not certified to eigen_tol=0.0001 at [80] samples" in told[0]
    assert told[0] in est.summary(detail=True)


def test_a_solve_that_is_not_is_not(digits):
    est, told = asked(*digits)
    assert_array_equal(est.curves_["eigen_certified"], 1)
    assert not told
    assert "certified" not in est.summary(detail=True)
