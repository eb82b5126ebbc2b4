"""The plateau of the eigenvalue differences. Oracle: curves of a known answer."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sufficient import SampleSizeEstimator
from sufficient.decision.plateau import eigenvalue_plateau

N = np.unique(np.geomspace(256, 16384, 36).astype(int) // 64 * 64)
LEADING = np.array([9.0, 3.0, -1.0])


def plateau_where_shifts_are(share, n=N, **settings):
    """Every eigenvalue is moved by a given share of itself."""
    eigenvalues = np.tile(LEADING, (len(n), 1))
    shares = np.broadcast_to(share, n.shape)
    return eigenvalue_plateau(n, eigenvalues, eigenvalues * shares[:, None], **settings)


class TestAnalyticCurves:
    @pytest.mark.parametrize("crossing", [600, 2000, 9000])
    @pytest.mark.parametrize("exponent", [1.0, 1.5])
    def test_a_power_law_crosses_where_its_formula_says(self, crossing, exponent):
        found = plateau_where_shifts_are(0.01 * (crossing / N) ** exponent)
        step = (N[1:] / N[:-1]).max()
        assert found.reached
        assert crossing / step <= found.n_samples <= crossing * step + 64
        assert found.n_samples == 64 * found.batch_count

    def test_beyond_the_data_it_is_the_crossing_of_the_formula(self):
        n = N[N < 2000]
        found = plateau_where_shifts_are(0.01 * 4000 / n, n)
        low, high = found.forecast.interval
        assert not found.reached and found.batch_count is None
        assert_allclose(found.n_samples, 4000, rtol=0.1)
        assert low < 4000 < high

    def test_a_dip_is_no_plateau(self):
        share = 0.01 * 2000 / N
        share[3] = 0.001
        found = plateau_where_shifts_are(share)
        assert 1500 < found.n_samples < 2600

    def test_differences_that_stay_large_are_flat_but_no_plateau(self):
        # As many drifts of 3 % as there are batches: the eigenvalues never settle.
        assert not plateau_where_shifts_are(0.03).reached

    def test_differences_that_stay_small_are_one_from_the_start(self):
        assert plateau_where_shifts_are(0.003).n_samples <= N[0]

    def test_no_differences_at_all_are_one(self):
        assert plateau_where_shifts_are(0.0).reached

    def test_three_sizes_say_nothing_yet(self):
        assert not plateau_where_shifts_are(0.001, N[:3]).reached


class TestUnits:
    def test_the_unit_of_the_loss_does_not_matter(self):
        values, shifts = np.tile(LEADING, (len(N), 1)), LEADING * (20 / N)[:, None]
        one = eigenvalue_plateau(N, values, shifts)
        other = eigenvalue_plateau(N, 1000 * values, 1000 * shifts)
        assert_allclose(one.relative_shifts, other.relative_shifts)
        assert one.n_samples == other.n_samples

    def test_signs_do_not_cancel(self):
        values = np.tile([2.0, 2.0], (len(N), 1))
        apart = eigenvalue_plateau(N, values, np.tile([0.1, -0.1], (len(N), 1)))
        assert_allclose(apart.relative_shifts, 0.05)

    def test_the_tolerance_is_a_share_of_the_eigenvalues(self):
        share = 0.01 * 2000 / N
        strict = plateau_where_shifts_are(share, tol=0.005)
        assert_allclose(strict.n_samples, 4000, rtol=0.15)

    def test_batches_of_16_are_only_counted(self):
        small = plateau_where_shifts_are(0.01 * 1000 / N, batch_size=16)
        large = plateau_where_shifts_are(0.01 * 1000 / N)
        assert_allclose(small.n_samples, large.n_samples, rtol=0.1)
        assert small.batch_count > 3 * large.batch_count


def test_gaussian_hessians_settle_where_perturbation_theory_says():
    r"""One batch moves an eigenvalue by w sqrt(2/b) of itself, a normal deviate.

    The Hessian of a linear least-squares net is the second moment of its inputs. For
    normal ones the mean of (v'x)^2 over a batch has the variance 2 lambda^2 / b, so the
    mean absolute shift is 64 / (n + 64) sqrt(2 / 64) sqrt(2 / pi) lambda.
    """
    rng = np.random.default_rng(0)
    scale = np.sqrt(1.3 ** np.arange(40))
    n = np.unique(np.geomspace(256, 4096, 22).astype(int))
    X = rng.standard_normal((n[-1], 40)) * scale

    def spectrum(second_moment):
        return np.linalg.eigvalsh(second_moment)[::-1][:20]

    seen = [X[:k].T @ X[:k] / k for k in n]
    batches = [rng.standard_normal((64, 40)) * scale for _ in n]
    grown = [
        (k * H + batch.T @ batch) / (k + 64)
        for k, H, batch in zip(n, seen, batches, strict=True)
    ]
    values = np.array([spectrum(H) for H in seen])
    shifts = np.array([spectrum(H) for H in grown]) - values
    expected = 64 * np.sqrt(2 / 64) * np.sqrt(2 / np.pi) / 0.01 - 64
    found = eigenvalue_plateau(n, values, shifts)
    assert_allclose(found.n_samples, expected, rtol=0.2)


class TestOnTheEstimator:
    def test_it_is_that_of_the_public_numbers(self, unsettled):
        again = eigenvalue_plateau(
            unsettled.train_sizes_,
            unsettled.eigenvalues_,
            unsettled.curve_.eigenvalue_shifts,
            batch_size=unsettled.batch_size_,
            patience=unsettled.patience,
        )
        assert_array_equal(unsettled.plateau_.relative_shifts, again.relative_shifts)
        assert unsettled.plateau_.n_samples == again.n_samples

    def test_it_does_not_decide(self, unsettled):
        curve = unsettled.curve_
        assert unsettled.n_samples_needed_ == curve.n_samples_needed
        assert unsettled.k_star_ is None and not unsettled.converged_

    def test_the_details_say_it(self, unsettled):
        assert "shift the leading eigenvalues by" in unsettled.summary(detail=True)
        assert "the papers' plateau" in unsettled.summary(detail=True)

    def test_a_saved_one_has_it(self, unsettled, tmp_path):
        unsettled.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path)
        assert loaded.plateau_.n_samples == unsettled.plateau_.n_samples
