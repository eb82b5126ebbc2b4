"""Tables with several fits a size. Oracles: known laws, one curve, means over seeds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import learning_curve
from sklearn.naive_bayes import GaussianNB

from sufficient import forecast_scores
from sufficient.decision.learning_curve import PRIOR

N = np.array([125.0, 250, 500, 1000, 2000])
LAW = 0.9 - 3 * N**-0.5


def scattered(n_seeds, sd=0.01, draw=0):
    """Scores of several seeds around the law, a column each."""
    rng = np.random.default_rng(draw)
    return LAW[:, None] + sd * rng.standard_normal((len(N), n_seeds))


class TestOneTable:
    """However it is laid out."""

    SCORES = scattered(3)
    WHOLE = forecast_scores(N, SCORES, n_held_out=500)

    @staticmethod
    def rows(order=slice(None)):
        n, seeds = np.repeat(N, 3)[order], np.tile(["a", "b", "c"], 5)[order]
        return n, TestOneTable.SCORES.reshape(-1)[order], seeds

    def test_is_a_row_a_fit_with_its_seed(self):
        n, scores, seeds = self.rows(np.random.default_rng(0).permutation(15))
        found = forecast_scores(n, scores, seeds=seeds, n_held_out=500)
        assert found.gain()[0] == pytest.approx(self.WHOLE.gain()[0], rel=1e-3)

    @pytest.mark.parametrize("by_seed", [True, False])
    def test_is_in_the_order_of_seeds_or_of_sizes_without_them(self, by_seed):
        order = np.arange(15).reshape(5, 3).T.ravel() if by_seed else np.arange(15)
        n, scores, _ = self.rows(order)
        assert forecast_scores(n, scores, n_held_out=500).gain() == self.WHOLE.gain()

    def test_takes_errors_a_size_or_a_fit(self):
        a_size = np.linspace(0.02, 0.01, 5)
        a_fit = np.repeat(a_size[:, None], 3, axis=1)
        one, other = (
            forecast_scores(N, self.SCORES, std_err=given) for given in (a_size, a_fit)
        )
        assert one.gain() == other.gain()

    def test_may_have_holes(self):
        scores = self.SCORES.copy()
        scores[1, 2] = np.nan
        n, rows, seeds = self.rows(np.arange(15) != 5)
        one = forecast_scores(N, scores, n_held_out=500)
        other = forecast_scores(n, rows, seeds=seeds, n_held_out=500)
        assert one.gain() == other.gain()

    def test_with_one_column_is_a_curve(self):
        one = forecast_scores(N, LAW[:, None], n_held_out=500)
        assert one.gain() == forecast_scores(N, LAW, n_held_out=500).gain()

    def test_of_losses_or_with_training_scores(self):
        losses = forecast_scores(N, self.SCORES - 1, score_range=(-np.inf, 0))
        assert losses.gain()[0] == pytest.approx(self.WHOLE.gain()[0], abs=0.01)
        trained = forecast_scores(
            N, self.SCORES, n_held_out=500, train_scores=self.SCORES + 0.05
        )
        assert trained.gain() != self.WHOLE.gain()


class TestScatter:
    def test_is_that_of_the_seeds(self):
        """In log error, and larger at small sizes; of the last only a half is own."""
        rng, sd = np.random.default_rng(1), 0.12
        luck = (
            sd * rng.standard_normal((len(N), 40)) * (N[:, None] / 2000) ** -PRIOR.early
        )
        scores = 1 - (1 - LAW[:, None]) * np.exp(luck)
        found = forecast_scores(N, scores, score_range=(-np.inf, 1))
        assert sd * 0.9 < found.scatter < sd / PRIOR.own**0.5 * 1.1

    def test_of_seeds_that_agree_is_small(self):
        same = forecast_scores(N, np.repeat(LAW[:, None], 5, axis=1), n_held_out=5000)
        assert same.scatter < forecast_scores(N, scattered(5, 0.02)).scatter / 3

    def test_one_seed_that_failed_is_told(self):
        scores = scattered(4, 0.002)
        scores[3, 1] = 0.2
        found = forecast_scores(N, scores, n_held_out=5000)
        assert found.outliers == (1000.0,)


class TestSeveralSeeds:
    def test_average_out_what_is_the_luck_of_each(self):
        """The interval keeps that of the samples, which seeds have in common."""
        few, many = (
            np.mean([off_the_law(scattered(k, 0.02, draw)) for draw in range(20)], 0)
            for k in (1, 8)
        )
        assert many[0] < few[0] / 2
        assert many[1] < 0.9 * few[1]

    def test_narrow_it_less_on_one_test_set(self):
        scores = scattered(5)
        own, same = (
            forecast_scores(N, scores, n_held_out=200, overlap=overlap).score_at(2000)
            for overlap in (0, 1)
        )
        assert np.ptp(own[1]) < 0.8 * np.ptp(same[1])

    def test_do_not_move_the_level_off_the_scores(self):
        """As weights would that go with the error of each fit (Peelle's puzzle)."""
        scores = LAW[:, None] + np.linspace(-0.03, 0.03, 5)
        expected, _ = forecast_scores(N, scores, n_held_out=300).score_at(N[-1])
        assert expected == pytest.approx(LAW[-1], abs=0.01)

    @pytest.mark.parametrize("n_seeds", [1, 3, 5])
    def test_intervals_cover_what_comes_out(self, n_seeds):
        assert 0.85 <= np.mean([covers(n_seeds, i) for i in range(100)]) <= 0.97


def off_the_law(scores):
    """Error of what is expected at the last size, and the length of its interval."""
    expected, (low, high) = forecast_scores(N, scores).score_at(N[-1])
    return abs(expected - LAW[-1]), high - low


def covers(n_seeds, i, n_held_out=1000):
    """Whether the gain of a doubling lies in the interval.

    The curve has a lasting error and wanders by a tenth over two doublings; fits
    scatter by a twentieth, and all seeds are scored on one test set.
    """
    rng, x = np.random.default_rng([n_seeds, i]), np.arange(-4, 2)
    apart = np.abs(np.subtract.outer(x, x)) / 2 * 3**0.5
    wander = drawn((1 + apart) * np.exp(-apart), rng)
    luck = rng.standard_normal((len(N), n_seeds))
    exponent, lasting = rng.uniform(0.05, 0.6), rng.uniform(0, 0.9)
    error = 0.2 * (lasting + (1 - lasting) * 2 ** (-exponent * x))
    error = error * np.exp(0.1 * wander)
    fits = np.minimum(error[:-1, None] * np.exp(0.05 * luck), 0.95)
    noise = drawn(0.87 + 0.13 * np.eye(fits.size), rng).reshape(fits.shape)
    seen = fits + np.sqrt(fits * (1 - fits) / n_held_out) * noise
    low, high = forecast_scores(N, 1 - seen, n_held_out=n_held_out).gain()[1]
    return low <= error[-2] - error[-1] <= high


def drawn(covariance, rng):
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(covariance)))
    return root @ rng.standard_normal(len(covariance))


class TestScikitLearn:
    def test_its_learning_curve_is_taken_as_it_is(self):
        X, y = load_digits(return_X_y=True)
        n, train, test = learning_curve(
            GaussianNB(), X, y, train_sizes=[100, 300, 600, 1000], shuffle=True
        )
        found = forecast_scores(
            n, test, train_scores=train, n_held_out=len(X) // 5, overlap=0
        )
        means = forecast_scores(n, test.mean(axis=1), n_held_out=len(X))
        assert found.gain()[0] == pytest.approx(means.gain()[0], abs=0.02)
