"""The calibrated loss. Oracles: a grid of temperatures, scikit-learn, torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import special
from sklearn.dummy import DummyClassifier
from sklearn.metrics import log_loss, mean_squared_error
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier, NeuralNetRegressor
from torch import nn
from torch.nn import functional

from sufficient.data.samples import Samples
from sufficient.training import judge as judges
from sufficient.training.judge import Judge

TEMPERATURES = np.geomspace(1, 64, 4001)
RNG = np.random.default_rng(0)
LOGITS = RNG.standard_normal((500, 4)) * 3


class Given(nn.Module):
    """Outputs are what comes in."""

    def __init__(self, last=None):
        super().__init__()
        self.unused, self.last = nn.Parameter(torch.zeros(1)), last or nn.Identity()

    def forward(self, X):
        return self.last(X)


def net(criterion=nn.CrossEntropyLoss, kind=NeuralNetClassifier, last=None):
    return kind(
        Given, criterion=criterion, module__last=last, train_split=None
    ).initialize()


def samples(X, y):
    return Samples(torch.as_tensor(X, dtype=torch.float32), torch.as_tensor(y))


def drawn(logits):
    """Labels with these probabilities."""
    return (logits + RNG.gumbel(size=logits.shape)).argmax(1)


def of_grid(loss):
    """Least loss on the grid, and where."""
    losses = [loss(temperature) for temperature in TEMPERATURES]
    return min(losses), TEMPERATURES[np.argmin(losses)]


class TestTemperature:
    @pytest.mark.parametrize("times", [1.5, 4.0, 20.0])
    def test_is_the_best_of_a_grid(self, times):
        y = drawn(LOGITS)
        found = Judge(samples(times * LOGITS, y), None)(net())
        logits = torch.from_numpy(times * LOGITS)
        least, where = of_grid(
            lambda t: float(functional.cross_entropy(logits / t, torch.from_numpy(y)))
        )
        assert found.loss == pytest.approx(least, rel=1e-5)
        assert found.temperature == pytest.approx(where, rel=5e-3)

    def test_undoes_a_factor(self):
        y = drawn(LOGITS)
        once, thrice = (Judge(samples(f * LOGITS, y), None)(net()) for f in (2, 6))
        assert thrice.loss == pytest.approx(once.loss, rel=1e-5)
        assert thrice.temperature == pytest.approx(3 * once.temperature, rel=1e-2)

    def test_is_never_below_one(self):
        y = drawn(LOGITS)
        found = Judge(samples(LOGITS / 5, y), None)(net())
        assert found.temperature == 1
        expected = log_loss(y, special.softmax(LOGITS / 5, axis=1))
        assert found.loss == pytest.approx(expected, rel=1e-5)

    def test_has_an_end_where_the_labels_say_nothing(self):
        found = Judge(samples(1e4 * LOGITS, RNG.integers(4, size=500)), None)(net())
        assert 1 < found.temperature <= judges.HIGHEST_TEMPERATURE
        assert np.isfinite(found.loss)

    def test_of_several_labels_is_the_best_of_a_grid(self):
        y = (RNG.random(LOGITS.shape) < special.expit(LOGITS)).astype(np.float32)
        found = Judge(samples(5 * LOGITS, y), None)(net(nn.BCEWithLogitsLoss))
        least, where = of_grid(lambda t: bce(5 * LOGITS / t, y))
        assert found.loss == pytest.approx(least, rel=1e-5)
        assert found.temperature == pytest.approx(where, rel=5e-3)

    def test_of_one_logit_is_the_best_of_a_grid(self):
        logits = LOGITS[:, 0]
        y = (RNG.random(500) < special.expit(logits)).astype(np.float32)
        one_logit = net(nn.BCEWithLogitsLoss, NeuralNetBinaryClassifier)
        found = Judge(samples(5 * logits[:, None], y), None)(one_logit)
        least, where = of_grid(lambda t: bce(5 * logits / t, y))
        assert found.loss == pytest.approx(least, rel=1e-5)
        assert found.temperature == pytest.approx(where, rel=5e-3)

    def test_of_probabilities_is_that_of_the_logits_behind_them(self):
        # Small ones: skorch adds 1e-7 to a probability before it takes the logarithm.
        given = samples(LOGITS, drawn(LOGITS / 3))
        behind = Judge(given, None)(net())
        found = Judge(given, None)(net(nn.NLLLoss, last=nn.Softmax(dim=1)))
        assert found.loss == pytest.approx(behind.loss, rel=1e-4)
        assert found.temperature == pytest.approx(behind.temperature, rel=1e-2)


def bce(logits, y):
    logits, y = torch.from_numpy(np.asarray(logits)), torch.from_numpy(y).double()
    return float(functional.binary_cross_entropy_with_logits(logits, y))


class TestNotCalibrated:
    @pytest.mark.parametrize("scoring", ["neg_log_loss", "neg_brier_score"])
    def test_are_scores_of_probabilities(self, scoring):
        y = drawn(LOGITS)
        found = Judge(samples(5 * LOGITS, y), scoring)(net())
        expected = log_loss(y, special.softmax(5 * LOGITS, axis=1))
        assert found == (pytest.approx(expected, rel=1e-4), 1)

    def test_are_numbers(self):
        y = RNG.standard_normal((500, 4)).astype(np.float32)
        found = Judge(samples(LOGITS, y), None)(net(nn.MSELoss, NeuralNetRegressor))
        assert found == (pytest.approx(mean_squared_error(y, LOGITS), rel=1e-5), 1)

    def test_other_scores_are(self):
        y = drawn(LOGITS)
        scores = (None, "roc_auc_ovr", lambda estimator, X, y: 0.0)
        found = [Judge(samples(5 * LOGITS, y), one)(net()) for one in scores]
        assert found[0] == found[1] == found[2]
        assert found[0].temperature > 4


class TestConstantAnswer:
    def test_loses_what_a_dummy_loses(self):
        y = RNG.choice(4, size=500, p=[0.7, 0.2, 0.05, 0.05])
        dummy = DummyClassifier(strategy="prior").fit(LOGITS, y)
        expected = log_loss(y, dummy.predict_proba(LOGITS))
        found = Judge(samples(LOGITS, y), None).of_constant(net())
        assert found == pytest.approx(expected, rel=1e-5)

    def test_loses_the_mean_over_several_labels(self):
        y = (RNG.random((500, 3)) < [0.5, 0.1, 0.01]).astype(np.float32)
        expected = np.mean([
            log_loss(labels, np.full(500, labels.mean()), labels=[0, 1])
            for labels in y.T
        ])  # fmt: skip
        judge = Judge(samples(LOGITS[:, :3], y), None)
        found = judge.of_constant(net(nn.BCEWithLogitsLoss))
        assert found == pytest.approx(expected, rel=1e-4)

    def test_loses_the_entropy_of_one_label(self):
        y = (np.arange(500) < 100).astype(np.float32)
        one_logit = net(nn.BCEWithLogitsLoss, NeuralNetBinaryClassifier)
        found = Judge(samples(LOGITS[:, :1], y), None).of_constant(one_logit)
        assert found == pytest.approx(log_loss(y, np.full(500, 0.2)), rel=1e-5)

    @pytest.mark.parametrize("n_targets", [1, 3])
    def test_loses_the_variance_of_numbers(self, n_targets):
        y = RNG.standard_normal((500, n_targets)) * [7.0, 1, 2][:n_targets] + 100
        judge = Judge(samples(LOGITS[:, :n_targets], y.astype(np.float32)), None)
        found = judge.of_constant(net(nn.MSELoss, NeuralNetRegressor))
        assert found == pytest.approx(y.var(axis=0).mean(), rel=1e-4)

    @pytest.mark.parametrize("criterion", [nn.L1Loss, nn.PoissonNLLLoss])
    def test_of_other_losses_is_not_known(self, criterion):
        judge = Judge(samples(LOGITS, LOGITS), None)
        assert judge.of_constant(net(criterion, NeuralNetRegressor)) == np.inf


@pytest.mark.parametrize(
    ("criterion", "kind"),
    [
        (nn.CrossEntropyLoss, NeuralNetClassifier),
        (nn.BCEWithLogitsLoss, NeuralNetClassifier),
        (nn.MSELoss, NeuralNetRegressor),
    ],
)
def test_a_weight_of_two_is_a_sample_that_is_there_twice(criterion, kind):
    y = drawn(LOGITS / 4)
    if criterion is not nn.CrossEntropyLoss:
        y = (RNG.random(LOGITS.shape) < 0.3).astype(np.float32)
    counts = RNG.integers(0, 4, size=len(y))
    weighted = samples(LOGITS, y)
    weighted = Samples(weighted.X, weighted.y, torch.from_numpy(np.float32(counts)))
    repeated = samples(LOGITS.repeat(counts, 0), y.repeat(counts, 0))
    found, expected = (Judge(some, None) for some in (weighted, repeated))
    judged = net(criterion, kind)
    assert found(judged).loss == pytest.approx(expected(judged).loss, rel=1e-5)
    constant = expected.of_constant(judged)
    assert found.of_constant(judged) == pytest.approx(constant, rel=1e-5)


def test_a_net_is_judged_in_eval_mode_part_by_part(monkeypatch):
    y = drawn(LOGITS)
    judged = net(last=nn.Dropout(0.9))
    whole = Judge(samples(3 * LOGITS, y), None)(judged)
    monkeypatch.setattr(judges, "CHUNK", 7)
    assert Judge(samples(3 * LOGITS, y), None)(judged) == whole
    assert whole == Judge(samples(3 * LOGITS, y), None)(net())
