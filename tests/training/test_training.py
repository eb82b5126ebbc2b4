"""Oracles: skorch's own DataLoader, and equality of weights."""

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier
from skorch.dataset import Dataset
from torch import nn

from sufficient import MLP
from sufficient.data.samples import Samples
from sufficient.nets import default_net
from sufficient.training.batches import TensorBatches
from sufficient.training.criteria import objective_of
from sufficient.training.net import prepared_net
from sufficient.training.strategies import STRATEGIES

X = torch.randn(60, 5, generator=torch.Generator().manual_seed(0))
Y = torch.arange(60) % 3
SAMPLES = Samples(X, Y)


def trained(name, sizes=(20, 40, 60), measured=(1, 2, 3), seed=0):
    template = prepared_net(None, n_inputs=5, n_outputs=3, device="cpu")
    template.set_params(module__hidden_sizes=(4,))
    training = STRATEGIES[name](template, seed=seed, update_epochs=3)
    training.begin(SAMPLES)
    weights = {}
    for k, n in enumerate(sizes, start=1):
        training.extend(SAMPLES[:n], 20, k)
        if k in measured:
            net = training.net_at(SAMPLES[:n], k)
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


def test_full_training_keeps_its_weights_and_update_changes_them():
    full, update = trained("full"), trained("update")
    assert torch.equal(full[1], full[3])
    assert not torch.equal(update[1], update[3])


def test_update_takes_as_many_steps_as_the_passes_over_a_batch():
    template = default_net(module__n_inputs=5, module__n_outputs=3, batch_size=10)
    training = STRATEGIES["update"](template, seed=0, update_epochs=3)
    training.begin(SAMPLES)
    training.extend(SAMPLES, 20, 1)
    assert len(training.net.history[-1]["batches"]) == 6


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
