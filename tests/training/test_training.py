"""Ways of training. Oracles: skorch's own loop and loader, and equality of weights."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping, GradientNormClipping, LRScheduler
from skorch.dataset import Dataset
from torch import nn

from sufficient import MLP
from sufficient.nets import default_net
from sufficient.training import optimum
from sufficient.training.batches import TensorBatches
from sufficient.training.criteria import objective_of
from sufficient.training.net import prepared_net
from sufficient.training.strategies import STRATEGIES
from tests.small import small_net
from tests.training.fits import (
    WithBatchNorm,
    classifier,
    state_of,
    strategy,
    three_classes,
)

SAMPLES = three_classes(60)
APART = three_classes(40, seed=1)
X, Y = SAMPLES.X, SAMPLES.y
QUICK = {"update_epochs": 3}


def begun(name, net=None, seed=0):
    """A training that can be asked, and that has to be paid for."""
    net = small_net(4, max_epochs=3) if net is None else net
    training = strategy(name, net, seed, **QUICK)
    training.begin(SAMPLES)
    return training


def trained(name, sizes=(20, 40, 60), measured=(1, 2, 3), seed=0, net=None):
    training = begun(name, net, seed)
    weights = {}
    for k, n in enumerate(sizes, start=1):
        training.extend(SAMPLES[:n], 20, k)
        if k in measured:
            net = training.net_at(SAMPLES[:n], APART, k)
            weights[k] = objective_of(net).weights.clone()
    return weights


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_net_at_k_does_not_depend_on_where_it_is_measured(name):
    often, once = trained(name), trained(name, measured=(3,))
    torch.testing.assert_close(often[3], once[3], rtol=0, atol=0)


@pytest.mark.parametrize("name", STRATEGIES)
def test_training_depends_on_its_seed_alone(name):
    first = trained(name)
    torch.manual_seed(99)
    again, other = trained(name), trained(name, seed=1)
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(first[3], other[3])


def test_full_training_keeps_its_weights_and_the_others_change_them():
    assert torch.equal(trained("full")[1], trained("full")[3])
    for name in STRATEGIES.keys() - {"full"}:
        weights = trained(name)
        assert not torch.equal(weights[1], weights[3])


def steps_taken(net):
    """How many steps its optimiser has counted."""
    return int(next(iter(net.optimizer_.state.values()))["step"])


def test_update_takes_as_many_steps_as_the_passes_over_a_batch():
    training = begun("update", small_net(4, batch_size=10))
    training.extend(SAMPLES, 20, 1)
    assert steps_taken(training.net) == training.n_steps == 6


class TestTwiceAsLong:
    """Oracles: the net before, and the number of steps."""

    @pytest.mark.parametrize("name", STRATEGIES)
    @pytest.mark.parametrize("module", [None, WithBatchNorm])
    def test_leaves_net_and_counts_as_they_were(self, name, module):
        net = None if module is None else classifier(module, max_epochs=3)
        training = begun(name, net)
        training.extend(SAMPLES, 60, 1)
        net = training.net_at(SAMPLES, APART, 1)
        before, n_steps = state_of(net), training.n_steps
        with training.twice_as_long(SAMPLES, APART, 1) as longer:
            assert (longer is None) == (name == "full")
        assert training.net is net
        assert all(map(torch.equal, state_of(net), before))
        assert training.n_steps == n_steps

    @pytest.mark.parametrize(("name", "epochs"), [("restart", 6), ("converged", 6)])
    def test_of_a_net_with_epochs_is_twice_its_epochs(self, name, epochs):
        schedule = LRScheduler("StepLR", step_size=2)
        training = begun(name, small_net(4, max_epochs=3, callbacks=[schedule]))
        training.net_at(SAMPLES, APART, 3)
        with training.twice_as_long(SAMPLES, APART, 3) as longer:
            whole = small_net(4, max_epochs=epochs, callbacks=[schedule])
            expected = begun("restart", whole).net_at(SAMPLES, APART, 3)
            assert all(map(torch.equal, state_of(longer), state_of(expected)))

    def test_of_updates_is_as_many_more_passes_over_everything(self):
        training = begun("update", small_net(4, batch_size=10))
        training.extend(SAMPLES, 60, 1)
        with training.twice_as_long(SAMPLES, APART, 1) as longer:
            steps = steps_taken(longer)
        assert (training.n_steps, steps) == (18, 36)


class TestConverged:
    """Oracles: the search itself, and skorch's own training."""

    def test_is_a_search_from_the_same_start_at_every_size(self):
        training = begun("converged")
        net = training.net_at(SAMPLES[:40], APART, 2)
        assert training.n_steps >= optimum.LEAST_STEPS
        alone = begun("converged").net_at(SAMPLES[:40], APART, 2)
        training.net_at(SAMPLES, APART, 3)
        again = training.net_at(SAMPLES[:40], APART, 2)
        for other in (alone, again):
            assert all(map(torch.equal, state_of(net), state_of(other)))

    def test_is_done_once_for_a_size(self, monkeypatch):
        training = begun("converged")
        training.train_ahead(SAMPLES, APART, 3)
        monkeypatch.setattr(optimum.OptimumSearch, "run", None)
        assert training.net_at(SAMPLES, APART, 3) is training.net

    @pytest.mark.parametrize(
        "callback",
        [
            LRScheduler("StepLR", step_size=1, gamma=0.5),
            EarlyStopping(monitor="train_loss", patience=50),
            ("schedule", LRScheduler("StepLR", step_size=1)),
        ],
        ids=["schedule", "early stopping", "named"],
    )
    def test_leaves_a_net_with_callbacks_to_itself(self, callback):
        net = small_net(4, max_epochs=5, callbacks=[callback], batch_size=20)
        training = begun("converged", net)
        found = training.net_at(SAMPLES, APART, 3)
        assert len(found.history) == 5
        assert training.n_steps == 15
        expected = begun("restart", net).net_at(SAMPLES, APART, 3)
        assert all(map(torch.equal, state_of(found), state_of(expected)))

    @pytest.mark.parametrize(
        "callbacks",
        [
            None,
            [],
            "disable",
            [GradientNormClipping(1e9)],
            [("clip", GradientNormClipping(1e9))],
        ],
        ids=["none", "empty", "disabled", "clipping", "named clipping"],
    )
    def test_trains_a_net_that_does_not_decide_for_itself(self, callbacks):
        net = small_net(4, max_epochs=1, callbacks=callbacks)
        found = begun("converged", net).net_at(SAMPLES, APART, 3)
        plain = begun("converged", small_net(4)).net_at(SAMPLES, APART, 3)
        # Plain nets take their steps by other formulas, the same up to rounding.
        for one, other in zip(state_of(found), state_of(plain), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-3)

    def test_a_whole_batch_is_an_eighth_at_most(self):
        training = begun("converged", small_net(4, batch_size=-1))
        training.net_at(SAMPLES, APART, 3)
        assert training._search.batch_size == 7

    def test_a_copy_goes_on_with_the_net(self):
        training = begun("converged")
        net = training.net_at(SAMPLES, APART, 3)
        other = copy.deepcopy(training)
        found = other.net_at(SAMPLES, APART, 3)
        assert all(map(torch.equal, state_of(net), state_of(found)))
        with (
            training.twice_as_long(SAMPLES, APART, 3) as one,
            other.twice_as_long(SAMPLES, APART, 3) as two,
        ):
            assert all(map(torch.equal, state_of(one), state_of(two)))

    def test_says_where_it_ended(self, monkeypatch):
        monkeypatch.setattr(optimum, "MOST_STEPS", 100)
        monkeypatch.setattr(optimum, "MOST_EPOCHS", 1)
        training = begun("converged")
        training.net_at(SAMPLES, APART, 3)
        assert (training.n_steps, training.is_capped) == (100, True)
        assert training.temperature >= 1


def test_fast_batches_are_those_of_a_data_loader():
    dataset = Dataset(X.numpy(), Y.numpy())
    slow = torch.utils.data.DataLoader(dataset, batch_size=16)
    for (X1, y1), (X2, y2) in zip(TensorBatches(dataset, 16), slow, strict=True):
        torch.testing.assert_close(X1, X2)
        np.testing.assert_array_equal(y1, y2)


def test_a_loader_of_the_users_is_kept():
    net = NeuralNetClassifier(MLP, iterator_train__num_workers=2)
    prepared = prepared_net(net, n_inputs=5, n_outputs=3, device=None)
    assert prepared.iterator_train is torch.utils.data.DataLoader


def test_the_whole_subset_is_trained_on():
    net = NeuralNetClassifier(MLP, criterion=nn.CrossEntropyLoss)
    prepared = prepared_net(net, n_inputs=5, n_outputs=3, device=None)
    assert prepared.train_split is None
    assert net.train_split is not None


def test_sizes_that_the_user_gives_are_kept():
    net = default_net(module__n_outputs=7)
    prepared = prepared_net(net, n_inputs=5, n_outputs=3, device=None)
    assert prepared.get_params()["module__n_outputs"] == 7
    assert prepared.get_params()["module__n_inputs"] == 5


class SoftmaxNet(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 3), nn.Softmax(dim=1))


def test_the_objective_of_nll_on_probabilities_is_what_skorch_trains():
    net = NeuralNetClassifier(SoftmaxNet, train_split=None).initialize()
    objective = objective_of(net)
    ours = objective.losses(objective.parameters, X, Y).mean()
    skorchs = net.get_loss(net.infer(X), Y)
    torch.testing.assert_close(ours, skorchs)
