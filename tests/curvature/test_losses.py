"""Oracle: the dense Hessian, in float64, of the loss that skorch trains."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, get_scorer
from sklearn.neural_network import MLPClassifier
from skorch import NeuralNet, NeuralNetClassifier, NeuralNetRegressor
from torch import nn

from sufficient import MLP, SampleSizeEstimator, sample_size_curve
from sufficient.curvature import top_eigenpairs
from sufficient.curvature.eigenpairs.compression import compression_of
from sufficient.curvature.objective import Objective
from sufficient.data.samples import Samples
from sufficient.growing.plan import task_of
from sufficient.nets import default_net
from sufficient.training.criteria import objective_of
from tests.dense import dense_hessian, outputs_at, spectrum, weights_of

N = 120
GENERATOR = np.random.default_rng(0)
X = GENERATOR.standard_normal((N, 5)).astype(np.float32)
DIRECTION = X @ GENERATOR.standard_normal(5)
CODES = np.digitize(DIRECTION, np.quantile(DIRECTION, [1 / 3, 2 / 3]))
COUNTS = GENERATOR.poisson(np.exp(1 + DIRECTION / 3)).astype(float)
REAL = DIRECTION + GENERATOR.standard_normal(N)
ROWS = (X[:, :3] + GENERATOR.standard_normal((N, 3)) / 2 > 0).astype(int)
SMALL = {
    "n_directions": 3,
    "n_monte_carlo": 8,
    "schedule": [5, 8],
    "random_state": 0,
}


class Focal(nn.Module):
    """With a `reduction`, as torch's own criteria have it."""

    def __init__(self, gamma=2.0, reduction="mean"):
        super().__init__()
        self.gamma, self.reduction = gamma, reduction

    def forward(self, logits, y):
        log_p = logits.log_softmax(1).gather(1, y[:, None])[:, 0]
        losses = -((1 - log_p.exp()) ** self.gamma) * log_p
        return losses if self.reduction == "none" else losses.mean()


class MeanFocal(Focal):
    """Returns the mean, and knows nothing else."""

    def __init__(self):
        super().__init__()
        del self.reduction

    def forward(self, logits, y):
        log_p = logits.log_softmax(1)[torch.arange(len(y)), y]
        return (-((1 - log_p.exp()) ** self.gamma) * log_p).mean()


class Pinball(nn.Module):
    def forward(self, output, y):
        rest = y - output
        return torch.maximum(0.9 * rest, -0.1 * rest).mean() + 0.1 * (rest**2).mean()


class SoftLabels(nn.Module):
    """Focal loss of several labels."""

    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, logits, y):
        plain = nn.functional.binary_cross_entropy_with_logits
        losses = plain(logits, y, reduction="none")
        losses = losses * (torch.sigmoid(logits) - y).abs()
        return losses if self.reduction == "none" else losses.mean()


CASES = {
    "regression": (NeuralNetRegressor, nn.MSELoss, REAL),
    "two targets": (NeuralNetRegressor, nn.MSELoss, np.column_stack([REAL, COUNTS])),
    "huber": (NeuralNetRegressor, nn.HuberLoss, REAL),
    "poisson": (NeuralNetRegressor, nn.PoissonNLLLoss, COUNTS),
    "pinball": (NeuralNetRegressor, Pinball, REAL),
    "several labels": (NeuralNetClassifier, nn.BCEWithLogitsLoss, ROWS),
    "plain net": (NeuralNet, nn.BCEWithLogitsLoss, ROWS),
    "own several labels": (NeuralNetClassifier, SoftLabels, ROWS),
    "focal": (NeuralNetClassifier, Focal, CODES),
    "focal, mean only": (NeuralNetClassifier, MeanFocal, CODES),
    "smoothed labels": (NeuralNetClassifier, nn.CrossEntropyLoss, CODES),
}
MORE = {
    "poisson": {"predict_nonlinearity": torch.exp},
    "own several labels": {"predict_nonlinearity": torch.sigmoid},
    "smoothed labels": {"criterion__label_smoothing": 0.1},
}


def net_of(name, **changes):
    kind, criterion, _ = CASES[name]
    given = {
        "criterion": criterion,
        "module__hidden_sizes": (6,),
        "optimizer": torch.optim.Adam,
        "lr": 0.03,
        "batch_size": 16,
        "verbose": 0,
        **MORE.get(name, {}),
    }
    return kind(MLP, **{**given, **changes})


@pytest.fixture(scope="module", params=CASES)
def fitted(request):
    name = request.param
    y = CASES[name][2]
    return name, SampleSizeEstimator(net_of(name), **SMALL).fit(X, y), y


def in_double(est, y):
    """The seen samples of the last size, and what skorch says of them, in float64."""
    net, task = est.estimator_, est.curve_.task
    rows = est.train_indices_[: est.train_sizes_[-1]]
    samples = Samples.for_net(net, X, task.encode(np.asarray(y)))[rows]
    targets = samples.y.double() if samples.y.is_floating_point() else samples.y
    net.module_.double().eval()
    return net, samples.X.double(), targets


def loss_and_hessian(net, X, y):
    """By skorch and by autograd."""
    module = net.module_

    def loss(weights):
        return net.get_loss(outputs_at(module, weights, X), y)

    return loss(weights_of(module)), dense_hessian(module, loss)


def test_the_measured_spectrum_is_that_of_the_loss_in_training(fitted):
    _, est, y = fitted
    measured_loss = est.curves_["train_loss"][-1]
    net, X, targets = in_double(est, y)
    try:
        loss, H = loss_and_hessian(net, X, targets)
        truth = spectrum(H)
        exact = top_eigenpairs(
            net.module_, X, targets, loss=objective_of(net).loss, n_directions=3,
            tol=1e-9, random_state=0,
        )  # fmt: skip
    finally:
        net.module_.float()
    assert est.curves_["eigen_certified"].all()
    scale = np.abs(truth).max()
    assert measured_loss == pytest.approx(float(loss), rel=1e-4)
    assert_allclose(est.eigenvalues_[-1], truth[:3], rtol=2e-3, atol=1e-5 * scale)
    assert_allclose(exact.eigenvalues, truth[:3], rtol=1e-8, atol=1e-12)


def test_every_loss_gives_a_whole_answer(fitted):
    name, est, y = fitted
    assert np.isfinite(est.bound_curve_).all()
    assert est.predict(X).shape == np.shape(y)
    assert est.score(X, y) > est.curves_["chance_score"][-1] + 0.1, name
    assert est.verdict_ in est.summary()


def test_criteria_that_average_on_their_own_measure_what_others_do():
    one, other = (
        SampleSizeEstimator(net_of(name), **SMALL).fit(X, CODES)
        for name in ("focal", "focal, mean only")
    )
    assert_allclose(one.eigenvalues_, other.eigenvalues_, rtol=1e-4)
    assert_allclose(one.delta_curve_, other.delta_curve_, rtol=1e-4)


def test_criteria_that_average_on_their_own_have_eigenpairs():
    torch.manual_seed(0)
    net = MLP(5, 3, hidden_sizes=(4,)).double()
    data = torch.as_tensor(X).double(), torch.as_tensor(CODES)
    how = {"n_directions": 4, "tol": 1e-9, "random_state": 0}
    one, other = (
        top_eigenpairs(net, *data, loss=loss, **how) for loss in (Focal(), MeanFocal())
    )
    assert_allclose(one.eigenvalues, other.eigenvalues, rtol=1e-9)


class Together(nn.Module):
    """Depends on which samples are in the batch."""

    def forward(self, output, y):
        return nn.functional.cross_entropy(output - output.mean(0), y)


class Each(nn.Module):
    def forward(self, output, y):
        return nn.functional.cross_entropy(output, y, reduction="none")


class TestALossThatIsNoMean:
    @pytest.mark.parametrize(
        ("criterion", "message"),
        [
            (Together, "depend on several samples at once"),
            (Each, r"32 numbers for 32 samples.*reduction='mean'"),
        ],
    )
    def test_is_refused(self, criterion, message):
        net = net_of("focal", criterion=criterion)
        with pytest.raises(ValueError, match=message):
            SampleSizeEstimator(net, **SMALL).fit(X, CODES)

    def test_such_as_a_sum_is_refused(self):
        net = net_of("focal", criterion__reduction="sum", criterion=nn.CrossEntropyLoss)
        with pytest.raises(ValueError, match="Use reduction='mean'"):
            SampleSizeEstimator(net, **SMALL).fit(X, CODES)

    def test_has_no_eigenpairs_either(self):
        data = torch.as_tensor(X), torch.as_tensor(CODES)
        with pytest.raises(ValueError, match="several samples at once"):
            top_eigenpairs(MLP(5, 3), *data, loss=Together())

    def test_without_a_second_derivative_is_named(self):
        net = net_of("focal", criterion=nn.MultiMarginLoss)
        with pytest.raises(ValueError, match=r"MultiMarginLoss.*differentiated twice"):
            SampleSizeEstimator(net, **SMALL).fit(X, CODES)

    def test_that_wants_something_else_is_named(self):
        net = net_of("regression", criterion=nn.GaussianNLLLoss)
        with pytest.raises(ValueError, match=r"GaussianNLLLoss cannot take .*var"):
            SampleSizeEstimator(net, **SMALL).fit(X, REAL)


class TestTargetsOfARegressor:
    def test_of_counts_are_left_as_they_are(self):
        task = task_of(net_of("poisson"), COUNTS)
        assert_array_equal(task.encode(COUNTS)[:, 0], COUNTS.astype(np.float32))

    def test_of_huber_are_standardised(self):
        encoded = task_of(net_of("huber"), 100 + 10 * REAL).encode(100 + 10 * REAL)
        assert_allclose([encoded.mean(), encoded.std()], [0, 1], atol=1e-5)

    def test_predictions_of_counts_are_counts(self):
        est = SampleSizeEstimator(net_of("poisson"), **SMALL).fit(X, COUNTS)
        predicted = est.predict(X)
        assert (predicted > 0).all()
        # Logarithms would have another mean: that of an untrained net is 1.
        assert predicted.mean() == pytest.approx(COUNTS.mean(), rel=0.2)

    def test_logarithms_of_counts_would_be_scored_as_counts(self):
        net = net_of("poisson", predict_nonlinearity="auto")
        with pytest.raises(ValueError, match=r"predict_nonlinearity=torch\.exp"):
            SampleSizeEstimator(net, **SMALL).fit(X, COUNTS)


def ask(y, **changes):
    return SampleSizeEstimator(net_of("several labels"), **{**SMALL, **changes}).fit(
        X, y
    )


@pytest.fixture(scope="module")
def several():
    return ask(ROWS)


class TestSeveralLabels:
    def test_are_answered_as_scikit_learn_does(self, several):
        peer = MLPClassifier((6,), max_iter=3, random_state=0)
        with pytest.warns(ConvergenceWarning):
            peer.fit(X, ROWS)
        for method in ("predict", "predict_proba"):
            ours, theirs = (getattr(e, method)(X) for e in (several, peer))
            assert ours.shape == theirs.shape
            assert ours.dtype.kind == theirs.dtype.kind
        assert_array_equal(several.classes_, peer.classes_)
        assert_array_equal(several.predict(X), several.predict_proba(X) > 0.5)
        assert several.score(X, ROWS) == accuracy_score(ROWS, several.predict(X))

    def test_are_scored_as_they_will_be(self, several):
        held_out, seen = several.validation_indices_, several.train_indices_
        last = {name: column[-1] for name, column in several.curves_.items()}
        assert last["validation_score"] == several.score(X[held_out], ROWS[held_out])
        trained = ROWS[seen[: several.train_sizes_[-1]]]
        kinds, counts = np.unique(trained, axis=0, return_counts=True)
        constant = np.tile(kinds[counts.argmax()], (len(held_out), 1))
        assert last["chance_score"] == accuracy_score(ROWS[held_out], constant)

    @pytest.mark.parametrize("scoring", ["f1_macro", "roc_auc"])
    def test_are_scored_by_any_scorer(self, scoring):
        est = ask(ROWS, scoring=scoring)
        held_out = est.validation_indices_
        truth = get_scorer(scoring)(est, X[held_out], ROWS[held_out])
        assert est.score_curve_[-1] == pytest.approx(truth)

    @pytest.mark.parametrize("kind", [bool, list])
    def test_of_any_type(self, several, kind):
        given = ROWS.tolist() if kind is list else ROWS.astype(kind)
        assert_array_equal(ask(given).predict(X), several.predict(X))

    def test_are_the_same_to_the_function(self, several):
        curve = sample_size_curve(net_of("several labels"), X, ROWS, **SMALL)
        assert_array_equal(curve.columns["delta"], several.delta_curve_)

    def test_may_be_seen_from_one_net(self):
        est = ask(ROWS, training="full")
        assert est.score_curve_[0] == est.score_curve_[-1] > 0.3

    def test_arrive_in_batches_and_are_kept(self, tmp_path):
        net = net_of("several labels")
        est = SampleSizeEstimator(net, **SMALL)
        for rows in np.array_split(np.arange(N), 3):
            est.partial_fit(X[rows], ROWS[rows])
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=net)
        assert_array_equal(loaded.predict_proba(X), est.predict_proba(X))
        with pytest.raises(ValueError, match=r"rows of 3 labels.*\(120, 2\)"):
            est.partial_fit(X, ROWS[:, :2])

    def test_are_told_where_the_net_takes_one(self):
        with pytest.raises(ValueError, match=r"one label per sample.*BCEWithLogits"):
            SampleSizeEstimator(**SMALL).fit(X, ROWS)

    def test_are_missed_where_there_is_one(self):
        with pytest.raises(ValueError, match="cannot take outputs of shape"):
            ask(CODES)
        with pytest.raises(ValueError, match="does not say what it answers"):
            SampleSizeEstimator(net_of("plain net"), **SMALL).fit(X, CODES)

    @pytest.mark.parametrize(
        ("y", "message"),
        [
            (ROWS + 1, "each 0 or 1"),
            (ROWS * np.arange(1, 4), "each 0 or 1"),
            (np.ones_like(ROWS), "the same labels"),
            (np.where(ROWS, np.nan, 0), "NaN"),
        ],
    )
    def test_are_zeros_and_ones(self, y, message):
        with pytest.raises(ValueError, match=message):
            ask(y)

    def test_want_probabilities(self):
        net = net_of("own several labels", predict_nonlinearity="auto")
        with pytest.raises(ValueError, match=r"predict_nonlinearity=torch\.sigmoid"):
            SampleSizeEstimator(net, **SMALL).fit(X, ROWS)

    def test_may_come_out_of_the_module_as_probabilities(self):
        class Sigmoid(nn.Sequential):
            def __init__(self, n_inputs, n_outputs):
                super().__init__(nn.Linear(n_inputs, n_outputs), nn.Sigmoid())

        given = {"optimizer": torch.optim.Adam, "lr": 0.1, "batch_size": 16}
        net = NeuralNetClassifier(Sigmoid, criterion=nn.BCELoss, **given)
        est = SampleSizeEstimator(net, **SMALL).fit(X, ROWS)
        assert est.predict_proba(X).shape == ROWS.shape
        assert est.score(X, ROWS) > 0.5


class TestWideInputs:
    """The certificate of a compression needs a loss that bends upwards only."""

    @staticmethod
    def compressed(loss):
        torch.manual_seed(0)
        net = MLP(700, 3, hidden_sizes=(4,))
        X, y = torch.randn(60, 700), torch.arange(60) % 3
        return compression_of(Objective(net, loss), X, y)

    def test_a_convex_loss_may_be_compressed(self):
        assert self.compressed("cross_entropy") is not None
        assert self.compressed(nn.CrossEntropyLoss(label_smoothing=0.1)) is not None

    def test_another_may_not(self):
        assert self.compressed(Focal()) is None


def test_a_default_net_takes_several_labels():
    net = default_net("mlp", criterion=nn.BCEWithLogitsLoss, module__hidden_sizes=())
    assert SampleSizeEstimator(net, **SMALL).fit(X, ROWS).predict(X).shape == (N, 3)
