"""Weights of samples. Oracles: repeated samples, dense Hessians, scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, r2_score
from sklearn.model_selection import KFold, cross_validate
from skorch import NeuralNetBinaryClassifier
from skorch.callbacks import EpochScoring, LRScheduler
from torch import nn
from torch.utils.data import DataLoader

from sufficient import SampleSizeEstimator
from sufficient.display import LandscapeDisplay
from sufficient.display.arrival import samples_in_order_of_arrival
from sufficient.nets import default_net
from sufficient.sample_weights import linearised
from sufficient.training.criteria import objective_of
from tests.dense import dense_hessian, outputs_at, spectrum
from tests.same import assert_same_curves
from tests.small import SEEDED, small, small_net
from tests.weighted import COUNTS, NUMBERS, WEIGHTS, Branching, N, X, Y

QUICK = {**SEEDED, "schedule": [3, 5], "batch_size": 16}


def own_loader(net=None):
    net = net or small_net(4)
    return net.set_params(
        iterator_train=DataLoader,
        iterator_train__collate_fn=torch.utils.data.default_collate,
    )


NETS = {
    "by hand": lambda: small_net(4),
    "class weights": lambda: small_net(4, criterion__weight=torch.tensor([1.0, 3.0])),
    "no chain": lambda: default_net(Branching, lr=0.01),
    "callbacks": lambda: default_net(
        Branching,
        lr=0.01,
        max_epochs=5,
        callbacks=[LRScheduler("StepLR", step_size=3)],
    ),
    "own loader": own_loader,
}


CASES = [
    pytest.param(
        name,
        training,
        marks=() if "by hand" in name or training == "update" else pytest.mark.slow,
    )
    for name in NETS
    for training in ("update", "restart", "full", "converged")
]


@pytest.mark.parametrize(("name", "training"), CASES)
def test_what_is_measured_is_the_weighted_loss(name, training):
    est = SampleSizeEstimator(NETS[name](), **{**QUICK, "training": training})
    est.fit(X, Y, WEIGHTS)
    n, v = est.train_sizes_[-1], WEIGHTS / WEIGHTS[est.train_indices_].mean()
    rows = est.train_indices_[:n]
    module = est.estimator_.module_.eval().double()
    class_weight = est.estimator_.criterion_.weight
    if class_weight is not None:
        class_weight = class_weight.double()
    reference = nn.CrossEntropyLoss(class_weight, reduction="none")
    inputs, y = torch.from_numpy(X[rows]).double(), torch.from_numpy(Y[rows])

    def loss(weights):
        each = reference(outputs_at(module, weights, inputs), y)
        return (torch.from_numpy(v[rows]) * each).mean()

    at = nn.utils.parameters_to_vector(module.parameters()).detach()
    assert_allclose(est.curves_["train_loss"][-1], loss(at).item(), rtol=1e-5)
    expected = spectrum(dense_hessian(module, loss))[:2]
    assert_allclose(est.eigenvalues_[-1], expected, rtol=5e-3)


@pytest.mark.parametrize(
    ("name", "training"),
    [
        ("by hand", "converged"),
        ("by hand", "restart"),
        ("own loader", "restart"),
        pytest.param("no chain", "converged", marks=pytest.mark.slow),
    ],
)
def test_training_goes_to_the_weighted_optimum(name, training):
    # Two populations with opposite answers: the weights decide which one is learnt.
    rng = np.random.default_rng(1)
    X = rng.standard_normal((240, 5)).astype(np.float32)
    side = rng.integers(2, size=240)
    y = np.where(side, X[:, 0] > 0, X[:, 0] <= 0).astype(int)
    heavy = np.where(side, 20.0, 1.0)
    net = NETS[name]().set_params(max_epochs=40, lr=0.02)
    how = {**QUICK, "training": training}
    est = SampleSizeEstimator(net, **how).fit(X, y, heavy)
    assert est.score(X[side == 1], y[side == 1]) > 0.85
    light = SampleSizeEstimator(net, **how).fit(X, y, 1 / heavy)
    assert light.score(X[side == 0], y[side == 0]) > 0.85


def test_a_line_is_that_of_weighted_least_squares():
    noisy = NUMBERS + np.where(X[:, 1] > 0, 3 * X[:, 1], 0)
    weights = np.where(X[:, 1] > 0, 0.1, 1.0)
    net = default_net("mlp", regression=True, module__hidden_sizes=(), lr=0.05)
    net.set_params(max_epochs=300, batch_size=-1)
    est = SampleSizeEstimator(net, **{**QUICK, "training": "restart"})
    est.fit(X, noisy, weights, X_val=X[:40] + 0.01, y_val=noisy[:40])
    n = est.train_sizes_[-1]
    rows = est.train_indices_[:n]
    peer = LinearRegression().fit(X[rows], noisy[rows], weights[rows])
    assert_allclose(est.predict(X), peer.predict(X), atol=0.02)
    plain = LinearRegression().fit(X[rows], noisy[rows])
    assert np.abs(plain.predict(X) - peer.predict(X)).max() > 0.2


class TestWhatDoesNotMatter:
    @pytest.mark.parametrize("training", ["update", "restart", "full", "converged"])
    def test_weights_that_are_all_the_same(self, training):
        with_weights = small(training=training).fit(X, Y, np.full(N, 0.1))
        without = small(training=training).fit(X, Y)
        assert_same_curves(with_weights, without)
        assert_array_equal(with_weights.predict_proba(X), without.predict_proba(X))

    def test_their_scale(self):
        found, expected = (small().fit(X, Y, f * WEIGHTS) for f in (8.0, 1.0))
        assert_same_curves(found, expected)

    def test_samples_of_weight_zero(self):
        left_in = COUNTS > 0
        found = small().fit(X, Y, left_in.astype(float))
        expected = small().fit(X[left_in], Y[left_in])
        assert_same_curves(found, expected)
        used = np.concatenate([found.train_indices_, found.validation_indices_])
        assert_array_equal(np.sort(used), np.flatnonzero(left_in))

    def test_targets_of_weight_zero(self):
        left_in = COUNTS > 0
        targets = np.where(left_in, NUMBERS, 1000.0)
        found = small(small_net(regression=True)).fit(X, targets, left_in.astype(float))
        expected = small(small_net(regression=True)).fit(X[left_in], NUMBERS[left_in])
        assert_same_curves(found, expected)
        assert_array_equal(found.bin_edges_, expected.bin_edges_)

    def test_whether_samples_are_read_on_demand(self, tmp_path):
        np.save(tmp_path / "X.npy", X)
        mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
        assert_same_curves(small().fit(mapped, Y, WEIGHTS), small().fit(X, Y, WEIGHTS))


LOOP = {"lr": 0.1, "max_epochs": 20, "callbacks": [LRScheduler("StepLR", step_size=9)]}


@pytest.mark.parametrize("training", ["restart", "converged"])
class TestNetsThatReadTheirTargets:
    """By skorch's own loop, whose checks know of no weights."""

    @staticmethod
    def fitted(net, training, y):
        return small(net, training=training).fit(X, y, WEIGHTS)

    def test_find_labels(self, training):
        est = self.fitted(default_net(Branching, **LOOP), training, Y)
        assert_array_equal(est.estimator_.classes_, np.unique(Y))

    def test_find_one_logit(self, training):
        net = NeuralNetBinaryClassifier(
            nn.Linear,
            module__in_features=X.shape[1],
            module__out_features=1,
            **LOOP,
        )
        est = self.fitted(net, training, Y)
        assert est.score(X, Y, WEIGHTS) > 0.5

    def test_find_rows_of_labels(self, training):
        net = default_net(Branching, criterion=nn.BCEWithLogitsLoss, **LOOP)
        est = self.fitted(net, training, np.stack([Y, 1 - Y], axis=1))
        assert est.predict(X).shape == (N, 2)


class TestScores:
    @pytest.mark.parametrize(
        ("scoring", "metric"),
        [
            (None, accuracy_score),
            ("balanced_accuracy", balanced_accuracy_score),
            ("neg_log_loss", lambda y, p, **w: -log_loss(y, p, **w)),
        ],
        ids=["accuracy", "balanced", "log-loss"],
    )
    def test_count_by_weight(self, scoring, metric):
        est = small(scoring=scoring).fit(X, Y, WEIGHTS)
        held_out, seen = est.validation_indices_, est.train_indices_
        seen = seen[: est.train_sizes_[-1]]
        predict = est.predict_proba if scoring == "neg_log_loss" else est.predict
        for rows, column in ((held_out, "validation_score"), (seen, "train_score")):
            expected = metric(Y[rows], predict(X[rows]), sample_weight=WEIGHTS[rows])
            assert_allclose(est.curves_[column][-1], expected, rtol=1e-6)
        assert expected != pytest.approx(metric(Y[rows], predict(X[rows])), rel=1e-3)

    def test_of_numbers_count_by_weight(self):
        est = small(small_net(regression=True)).fit(X, NUMBERS, WEIGHTS)
        rows = est.validation_indices_
        given = NUMBERS[rows], est.predict(X[rows])
        expected = r2_score(*given, sample_weight=WEIGHTS[rows])
        assert_allclose(est.score_curve_[-1], expected, rtol=1e-5)
        assert est.score(X[rows], NUMBERS[rows], WEIGHTS[rows]) == expected

    def test_of_functions_count_by_weight_if_they_can(self):
        given = []

        def counting(estimator, X, y, sample_weight=None):
            given.append(sample_weight)
            return 0.5

        small(scoring=counting).fit(X, Y, WEIGHTS)
        assert all(weights is not None for weights in given)
        small(scoring=lambda estimator, X, y: 0.5).fit(X, Y, WEIGHTS)

    def test_standard_error_is_that_of_the_bootstrap(self):
        rng = np.random.default_rng(0)
        each, weights = rng.random(400) < 0.8, rng.exponential(size=400)
        rows = rng.integers(400, size=(4000, 400))
        means = (weights * each)[rows].sum(1) / weights[rows].sum(1)
        found = linearised(each.astype(float), weights)
        assert_allclose(found.mean(), np.average(each, weights=weights))
        assert_allclose(found.std() / 20, means.std(), rtol=0.05)


class TestWhereTheyGo:
    def test_into_samples_held_out_apart(self):
        half = slice(0, 80), slice(80, None)
        est = small()
        est.fit(
            X[half[0]],
            Y[half[0]],
            WEIGHTS[half[0]],
            X_val=X[half[1]],
            y_val=Y[half[1]],
            sample_weight_val=WEIGHTS[half[1]],
        )
        given = Y[half[1]], est.predict(X[half[1]])
        expected = accuracy_score(*given, sample_weight=WEIGHTS[half[1]])
        assert_allclose(est.score_curve_[-1], expected)

    def test_with_groups(self):
        groups = np.arange(N) // 4
        est = small().fit(X, Y, COUNTS, groups=groups)
        seen, held_out = est.train_indices_, est.validation_indices_
        assert not set(groups[seen]) & set(groups[held_out])
        assert (COUNTS[[*seen, *held_out]] > 0).all()

    def test_into_a_checkpoint(self, tmp_path):
        est = small(checkpoint=tmp_path)
        assert_same_curves(est.fit(X, Y, WEIGHTS), small().fit(X, Y, WEIGHTS))
        with pytest.raises(ValueError, match="sample_weight differs"):
            small(checkpoint=tmp_path).fit(X, Y, WEIGHTS[::-1])
        assert_same_curves(small(checkpoint=tmp_path).fit(X, Y, WEIGHTS), est)

    def test_through_a_router(self):
        with config_context(enable_metadata_routing=True):
            est = small().set_fit_request(sample_weight=True)
            est.set_score_request(sample_weight=True)
            params = {"sample_weight": WEIGHTS}
            scores = cross_validate(est, X, Y, params=params, cv=KFold(2))["test_score"]
        half = np.arange(N) < N // 2
        for test, found in zip((half, ~half), scores, strict=True):
            fitted = small().fit(X[~test], Y[~test], WEIGHTS[~test])
            assert found == fitted.score(X[test], Y[test], WEIGHTS[test])

    def test_into_the_landscape_that_is_drawn(self):
        est = small().fit(X, Y, WEIGHTS)
        samples = samples_in_order_of_arrival(est, X, Y, WEIGHTS)
        objective = objective_of(est.estimator_)
        seen = samples[: est.train_sizes_[-1]]
        loss, _ = objective.loss_and_gradient(seen.X, seen.targets)
        assert_allclose(loss, est.curves_["train_loss"][-1], rtol=1e-5)
        display = LandscapeDisplay.from_estimator(
            est, X, Y, sample_weight=WEIGHTS, n_grid=3, batch_counts=[4]
        )
        assert_allclose(display.losses[0, 1, 1], loss, rtol=1e-5)

    def test_a_rare_class_counts_for_more(self):
        est = small().fit(X, Y, np.where(Y, 8.0, 1.0))
        plain = small().fit(X, Y)
        assert (est.predict(X) == 1).mean() > (plain.predict(X) == 1).mean()


class TestSessions:
    @staticmethod
    def session(weights, parts=(slice(0, 80), slice(80, None))):
        est = SampleSizeEstimator(small_net(4), **SEEDED)
        for part in parts:
            given = None if weights is None else weights[part]
            est.partial_fit(X[part], Y[part], sample_weight=given)
        return est

    def test_their_unit_is_the_mean_of_the_first_batch(self):
        found, expected = self.session(8.0 * WEIGHTS), self.session(WEIGHTS)
        assert_same_curves(found, expected)
        assert found.curves_["train_loss"][-1] != pytest.approx(
            self.session(None).curves_["train_loss"][-1], rel=1e-3
        )

    def test_equal_weights_are_none(self):
        assert_same_curves(self.session(np.full(N, 2.0)), self.session(None))

    def test_a_later_batch_may_count_twice(self):
        doubled = np.where(np.arange(N) < 80, 1.0, 2.0)
        seen = self.session(doubled)._session.seen
        assert set(seen.weights.tolist()) == {1.0, 2.0}

    def test_a_batch_without_weights_has_ones(self):
        mixed = SampleSizeEstimator(small_net(4), **SEEDED)
        mixed.partial_fit(X[:80], Y[:80], sample_weight=np.full(80, 2.0))
        mixed.partial_fit(X[80:], Y[80:])
        seen = mixed._session.seen
        assert set(seen.weights.tolist()) == {1.0, 0.5}

    def test_weights_wait_with_their_samples_and_are_saved(self, tmp_path):
        parts = [slice(0, 80), slice(80, 90), slice(90, None)]
        est = self.session(WEIGHTS, parts[:2])
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=small_net(4))
        for one in (est, loaded):
            one.partial_fit(X[90:], Y[90:], sample_weight=WEIGHTS[90:])
        assert_same_curves(loaded, est)
        assert_same_curves(est, self.session(WEIGHTS))

    def test_a_new_class_leaves_them(self):
        net = default_net("mlp", module__hidden_sizes=(4,), lr=0.01)
        est = SampleSizeEstimator(net, **SEEDED)
        est.partial_fit(X[:80], Y[:80], sample_weight=WEIGHTS[:80])
        before = est._session.seen.weights
        with pytest.warns(UserWarning, match="New labels: 2"):
            est.partial_fit(X[80:], Y[80:] + 1, sample_weight=WEIGHTS[80:])
        torch.testing.assert_close(est._session.seen.weights[: len(before)], before)


FOURTH = np.arange(N) == 3
BAD = {
    "negative": (np.where(FOURTH, -1.0, 1.0), "is -1 for some samples"),
    "all zero": (np.zeros(N), "is 0 for all samples.*not all zero"),
    "missing": (
        np.where(FOURTH, np.nan, 1.0),
        "sample_weight contains NaN or infinity",
    ),
    "infinite": (
        np.where(FOURTH, np.inf, 1.0),
        r"sample_weight contains NaN or infinity\. Pass one number of 0 or more",
    ),
    "too few": (np.ones(3), r"shape \(3,\) for 160 samples\. Pass one number"),
    "one for all": (2.0, r"shape \(\) for 160 samples\. Pass one number"),
    "a name": ("column", r"shape \(\) for 160 samples\. Pass one number"),
    "None for some": ([None] + [1.0] * (N - 1), "sample_weight contains NaN or None"),
    "rows": (np.ones((N, 2)), r"shape \(160, 2\) for 160 samples"),
    "words": (np.full(N, "heavy"), "not numbers.*Pass one number of 0 or more"),
    "a class left out": (np.where(Y, 0.0, 1.0), "class 1 has fewer than 2 samples"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_weights_is_refused(name):
    weights, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        small().fit(X, Y, weights)


def test_callbacks_that_score_the_training_samples_are_refused():
    scoring = EpochScoring("accuracy", on_train=True, name="train accuracy")
    net = default_net(Branching, max_epochs=2, callbacks=[("own", scoring)])
    small(net).fit(X, Y)
    with pytest.raises(ValueError, match="'own' scores training samples, which"):
        small(net).fit(X, Y, WEIGHTS)


def test_weights_of_zero_are_refused_where_they_cannot_be_left_out():
    zero = np.where(FOURTH, 0.0, 1.0)
    with pytest.raises(ValueError, match=r"sample_weight is 0 for some.*Leave such"):
        small().partial_fit(X, Y, sample_weight=zero)
    with pytest.raises(ValueError, match="sample_weight_val is 0 for some samples"):
        small().fit(X, Y, X_val=X, y_val=Y, sample_weight_val=zero)
    with pytest.raises(ValueError, match="belong together, and sample_weight_val"):
        small().fit(X, Y, sample_weight_val=zero)
