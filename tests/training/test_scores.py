"""Scores and their errors. Oracles: scikit-learn's metrics, and the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    make_scorer,
    r2_score,
    roc_auc_score,
)

from sufficient.data.samples import Samples
from sufficient.data.tasks import Classification, MultiLabel, Regression
from sufficient.nets import default_net
from sufficient.training.scores import scores_of, std_err_of_mean

RNG = np.random.default_rng(0)


def bootstrapped(metric, *columns, n_draws=400):
    """Standard deviation of a metric over samples drawn with replacement."""
    n = len(columns[0])
    drawn = (RNG.integers(n, size=n) for _ in range(n_draws))
    return np.std([metric(*(c[rows] for c in columns)) for rows in drawn])


def net_and_samples(net, X, y, n_outputs, **given):
    """A net of one layer with weights that are given, and samples for it."""
    net = net.set_params(
        module__n_inputs=X.shape[1], module__n_outputs=n_outputs, **given
    ).initialize()
    return net, Samples.for_net(net, X.astype(np.float32), y)


def classify(y, X, weight, scoring=None, n_seen=None):
    """Scores of a linear classifier; the seen are as frequent as the held out."""
    net, held_out = net_and_samples(
        default_net(module__hidden_sizes=()), X, y, len(weight)
    )
    (layer,) = (m for m in net.module_.modules() if isinstance(m, torch.nn.Linear))
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(weight))
        layer.bias.zero_()
    task = Classification.of(y)
    return scores_of(net, task, scoring, held_out, held_out), net


class TestContributions:
    def test_to_the_accuracy_average_to_it(self):
        task = Classification(np.array(["a", "b", "c"]))
        y, predicted = RNG.integers(3, size=(2, 200))
        each = task.contributions(y, predicted)
        assert each.mean() == pytest.approx(accuracy_score(y, predicted))

    def test_to_the_subset_accuracy_average_to_it(self):
        rows, shares = RNG.integers(2, size=(200, 3)), RNG.random((200, 3))
        each = MultiLabel(3).contributions(rows.astype(np.float32), shares)
        expected = accuracy_score(rows, (shares > 0.5).astype(int))
        assert each.mean() == pytest.approx(expected)

    @pytest.mark.parametrize("n_targets", [1, 3])
    def test_to_r2_average_to_it(self, n_targets):
        y = RNG.standard_normal((200, n_targets)) * [1, 50, 0.01][:n_targets] + 7
        predicted = y + RNG.standard_normal(y.shape) * 0.5
        each = Regression.of(y).contributions(y, predicted)
        assert each.shape == (200,)
        assert each.mean() == pytest.approx(r2_score(y, predicted))

    @pytest.mark.parametrize("tails", ["normal", "heavy", "worse than the mean"])
    @pytest.mark.parametrize("n_targets", [1, 3])
    def test_to_r2_spread_as_the_bootstrap_says(self, tails, n_targets):
        y = RNG.standard_normal((400, n_targets)) * [1, 50, 0.01][:n_targets]
        noise = {
            "normal": 0.5 * RNG.standard_normal(y.shape),
            "heavy": 0.5 * RNG.standard_t(4, y.shape),
            "worse than the mean": 2 * RNG.standard_normal(y.shape),
        }[tails]
        predicted = y + noise * y.std(axis=0)
        stated = std_err_of_mean(Regression.of(y).contributions(y, predicted), len(y))
        assert stated == pytest.approx(bootstrapped(r2_score, y, predicted), rel=0.2)

    def test_to_r2_of_heavy_tailed_targets_spread_as_the_bootstrap_says(self):
        y = RNG.standard_t(5, (600, 1))
        predicted = 0.7 * y + 0.3 * RNG.standard_normal(y.shape)
        stated = std_err_of_mean(Regression.of(y).contributions(y, predicted), len(y))
        assert stated == pytest.approx(bootstrapped(r2_score, y, predicted), rel=0.25)

    def test_of_targets_all_alike_are_finite(self):
        y = np.ones((20, 1))
        noise = RNG.standard_normal(y.shape)
        each = Regression.of(y + noise).contributions(y, y + noise)
        assert np.isfinite(each).all()


CODES, ROWS = RNG.integers(3, size=200), RNG.integers(2, size=(200, 3))
REAL = RNG.standard_normal((200, 2)) * [1, 50] + 7
OF_TASKS = {
    "classes": (Classification(np.arange(3)), CODES, RNG.integers(3, size=200)),
    "labels": (MultiLabel(3), ROWS.astype(np.float32), RNG.random((200, 3))),
    "numbers": (Regression.of(REAL), REAL, REAL + RNG.standard_normal(REAL.shape)),
}


@pytest.mark.parametrize("name", OF_TASKS)
class TestWeights:
    COUNTS = RNG.integers(0, 4, size=200)

    def test_of_whole_numbers_are_repeated_samples(self, name):
        task, y, predicted = OF_TASKS[name]
        many = y.repeat(self.COUNTS, 0), predicted.repeat(self.COUNTS, 0)
        expected = task.score(*many)
        assert task.score(y, predicted, self.COUNTS) == pytest.approx(expected)
        each = task.contributions(y, predicted, self.COUNTS)
        assert each.shape == (200,)
        assert each.mean() == pytest.approx(expected)
        np.testing.assert_allclose(
            task.constant_predictions(y, 5, self.COUNTS),
            task.constant_predictions(many[0], 5),
        )
        if name != "numbers":
            np.testing.assert_allclose(
                task.constant_losses(y, y, 1.0, self.COUNTS),
                task.constant_losses(many[0], y),
            )

    def test_spread_as_the_bootstrap_says(self, name):
        task, y, predicted = OF_TASKS[name]
        weights = RNG.exponential(size=200)
        draws = [RNG.integers(200, size=200) for _ in range(400)]
        scores = [task.score(y[r], predicted[r], weights[r]) for r in draws]
        found = std_err_of_mean(task.contributions(y, predicted, weights), 200)
        assert found == pytest.approx(np.std(scores), rel=0.25)

    def test_count_in_the_constant_answer(self, name):
        task, y, _ = OF_TASKS[name]
        given = task.decode(y)
        found = task.constant_answer(given, self.COUNTS)
        expected = task.constant_answer(given.repeat(self.COUNTS, 0))
        X = np.zeros((3, 1))
        np.testing.assert_allclose(found.predict(X), expected.predict(X))


class TestPseudoValues:
    X = RNG.standard_normal((480, 2))
    WEIGHT = np.array([[0.0, 0.0], [1.0, 0.5]])
    Y = (X[:, 0] + 1.5 * RNG.standard_normal(480) > 0.5).astype(int)

    def test_of_the_auc_average_to_it_and_spread_as_the_bootstrap_says(self):
        found, net = classify(self.Y, self.X, self.WEIGHT, "roc_auc")
        shares = net.predict_proba(self.X.astype(np.float32))[:, 1]
        score, error = (
            found.columns[f"validation_score{part}"] for part in ("", "_std_err")
        )
        assert score == pytest.approx(roc_auc_score(self.Y, shares))
        assert found.contributions.shape == (16,)
        # Sixteen values tell their own spread to a fifth.
        expected = bootstrapped(roc_auc_score, self.Y, shares, n_draws=150)
        assert error == pytest.approx(expected, rel=0.5)

    def test_are_right_on_average(self):
        """Oracle: the bootstrap, over many held-out parts."""
        ratios = []
        for _ in range(12):
            X = RNG.standard_normal((480, 2))
            y = (X[:, 0] + 1.5 * RNG.standard_normal(480) > 0.5).astype(int)
            found, net = classify(y, X, self.WEIGHT, "roc_auc")
            shares = net.predict_proba(X.astype(np.float32))[:, 1]
            expected = bootstrapped(roc_auc_score, y, shares, n_draws=40)
            ratios.append(found.columns["validation_score_std_err"] / expected)
        assert np.sqrt(np.mean(np.square(ratios))) == pytest.approx(1, abs=0.2)

    def test_of_a_function_are_those_of_its_name(self):
        own = make_scorer(roc_auc_score, response_method="predict_proba")
        named, given = (
            classify(self.Y, self.X, self.WEIGHT, scoring)[0].contributions
            for scoring in ("roc_auc", own)
        )
        np.testing.assert_allclose(given, named, atol=1e-6)

    def test_of_the_accuracy_spread_as_its_own_contributions(self):
        named, own = (
            classify(self.Y, self.X, self.WEIGHT, scoring)[0].columns
            for scoring in ("accuracy", None)
        )
        assert named["validation_score"] == pytest.approx(own["validation_score"])
        errors = [c["validation_score_std_err"] for c in (named, own)]
        assert errors[0] == pytest.approx(errors[1], rel=0.5)

    @pytest.mark.parametrize("n_rare", [1, 2, 5])
    def test_are_numbers_however_rare_a_class(self, n_rare):
        y = (np.arange(480) < n_rare).astype(int)
        found, net = classify(y, self.X, self.WEIGHT, "roc_auc")
        shares = net.predict_proba(self.X.astype(np.float32))[:, 1]
        score = found.columns["validation_score"]
        assert score == pytest.approx(roc_auc_score(y, shares))
        assert np.isfinite(found.contributions).all()

    def test_that_hang_on_one_sample_are_not_sure(self):
        y = np.zeros(480, int)
        y[self.X[:, 0].argmax()] = 1
        columns = classify(y, self.X, [[0, 0], [1, 0]], "roc_auc")[0].columns
        assert columns["validation_score"] == 1
        assert columns["validation_score_std_err"] > 0.2

    @pytest.mark.filterwarnings("error")
    def test_of_rare_classes_are_found_without_a_warning(self):
        y = (np.arange(480) < 2).astype(int)
        classify(y, self.X, self.WEIGHT, "roc_auc")


class TestErrorOfAMean:
    def test_is_the_textbooks(self):
        each = RNG.standard_normal(50)
        expected = each.std(ddof=1) / 50**0.5
        assert std_err_of_mean(each, 50) == pytest.approx(expected)

    @pytest.mark.parametrize("value", [0.0, 1.0, -3.0])
    def test_of_values_all_alike_is_as_if_one_were_different(self, value):
        n = 400
        one_more = np.append(np.full(n - 1, value), 0.0 if value else 1.0)
        found = std_err_of_mean(np.full(n, value), n)
        assert found == pytest.approx(std_err_of_mean(one_more, n), rel=0.01)

    def test_of_groups_that_are_alike_is_as_if_one_sample_were_different(self):
        assert std_err_of_mean(np.full(16, 0.9), 1000) == pytest.approx(0.9 / 1000)

    @pytest.mark.parametrize("each", [[1.0], [1.0, np.nan], [1.0, np.inf]])
    def test_is_not_known_where_it_cannot_be(self, each):
        assert np.isnan(std_err_of_mean(np.array(each), 9))


class TestAboveChance:
    X = RNG.standard_normal((1000, 2))

    def test_of_a_net_that_knows_is_many_standard_errors(self):
        y = (self.X[:, 0] > 0).astype(int)
        found, _ = classify(y, self.X, [[0, 0], [9, 0]])
        assert found.columns["above_chance"] > 20

    def test_of_a_constant_answer_is_none(self):
        y = (self.X[:, 0] > 0).astype(int)
        found, _ = classify(y, self.X, np.zeros((2, 2)))
        assert found.columns["above_chance"] < 2

    def test_of_one_that_guesses_is_none(self):
        y = RNG.integers(2, size=1000)
        found, _ = classify(y, self.X, [[0, 0], [1, 0]])
        assert found.columns["above_chance"] < 3

    def test_is_told_by_the_loss_where_a_class_is_too_rare_for_the_score(self):
        # Nobody is more likely than not of the rare class, but some are ten times.
        logits = np.where(self.X[:, 0] > 1, -1.0, -4.0)
        X = np.column_stack([logits, np.zeros(1000)])
        y = (RNG.random(1000) < 1 / (1 + np.exp(-logits))).astype(int)
        found, net = classify(y, X, [[0, 0], [1, 0]])
        columns = found.columns
        assert columns["validation_score"] == columns["chance_score"]
        assert columns["above_chance"] > 3
        of_net = log_loss(y, net.predict_proba(X.astype(np.float32)))
        assert columns["validation_loss"] == pytest.approx(of_net, rel=1e-4)
        dummy = DummyClassifier(strategy="prior").fit(X, y).predict_proba(X)
        assert of_net < log_loss(y, dummy)

    def test_is_a_paired_comparison(self):
        """Oracle: the t statistic of the differences, in score and in loss."""
        y = (self.X[:, 0] + RNG.standard_normal(1000) > 0.8).astype(int)
        found, net = classify(y, self.X, [[0, 0], [1, 0]])
        shares = net.predict_proba(self.X.astype(np.float32))
        right = (shares.argmax(1) == y) * 1.0 - (y == 0)
        prior = np.bincount(y) / len(y)
        losses = np.log(shares[np.arange(1000), y]) - np.log(prior[y])
        expected = max(
            d.mean() / (d.std(ddof=1) / len(d) ** 0.5) for d in (right, losses)
        )
        assert found.columns["above_chance"] == pytest.approx(expected, rel=0.02)

    def test_of_a_regression_is_by_its_score(self):
        y = self.X[:, :1] + RNG.standard_normal((1000, 1))
        task = Regression.of(y)
        net, held_out = net_and_samples(
            default_net(regression=True, module__hidden_sizes=()),
            self.X,
            task.encode(y),
            1,
        )
        weight, bias = net.module_.parameters()
        with torch.no_grad():
            weight.zero_(), bias.zero_()
        mean = scores_of(net, task, None, held_out, held_out).columns
        assert mean["validation_score"] == pytest.approx(0, abs=1e-3)
        assert mean["above_chance"] < 2
        with torch.no_grad():
            weight[0, 0] = 0.7
        learnt = scores_of(net, task, None, held_out, held_out).columns
        assert learnt["above_chance"] > 5
