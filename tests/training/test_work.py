"""Arithmetic of a net, and threads for it. Oracle: the counter of torch."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from sufficient import MLP, ConvNet, SampleSizeEstimator
from sufficient.landscape import measure
from sufficient.nets import default_net
from sufficient.training import optimum
from sufficient.training.work import WORTH_SHARING, forward_flops, threads_for

NETS = {
    "mlp": lambda: MLP(64, 3),
    "images": lambda: ConvNet(64, 3),
    "images made larger": lambda: nn.Sequential(
        nn.Unflatten(1, (4, 4, 4)), nn.ConvTranspose2d(4, 3, 2, stride=2)
    ),
    "rows of tokens": lambda: nn.Sequential(nn.Unflatten(1, (8, 8)), nn.Linear(8, 5)),
}


class Watching(nn.Linear):
    """Notes on how many threads it was trained."""

    threads: set[int]

    def forward(self, X):
        if self.training and isinstance(X, torch.Tensor):  # no tracer
            self.threads.add(torch.get_num_threads())
        return super().forward(X)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", NETS)
def test_operations_are_those_that_torch_counts(name):
    net, X = default_net(NETS[name]()).initialize(), torch.randn(3, 64)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net.module_(X[:1])
    assert forward_flops(net, X) == counter.get_total_flops()


def test_layers_that_are_not_known_count_by_their_weights():
    class Recurrent(nn.LSTM):
        def forward(self, X):
            return super().forward(X)[0]

    net = default_net(Recurrent(5, 6)).initialize()
    assert forward_flops(net, torch.randn(2, 5)) == 2 * 4 * 6 * (5 + 6)


def test_counting_leaves_the_net_as_it_was():
    net = default_net(nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))).initialize()
    net.module_.train()
    before = {name: each.clone() for name, each in net.module_.state_dict().items()}
    forward_flops(net, torch.randn(4, 3))
    after = net.module_.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert net.module_.training and not net.module_[0]._forward_hooks


def test_only_what_is_worth_it_is_shared(two_threads):
    for flops, n_threads in ((WORTH_SHARING - 1, 1), (WORTH_SHARING, 2)):
        with threads_for(flops):
            assert torch.get_num_threads() == n_threads
    with pytest.raises(KeyError), threads_for(0):
        raise KeyError
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("training", ["converged", "update"])
def test_a_small_net_is_trained_and_measured_on_one_thread(
    training, two_threads, monkeypatch, digits
):
    seen = Watching.threads = set()
    original = measure.leading_plane

    def watching(*args, **kwargs):
        seen.add(torch.get_num_threads())
        return original(*args, **kwargs)

    monkeypatch.setattr(measure, "leading_plane", watching)
    monkeypatch.setattr(optimum, "MOST_STEPS", 64)
    monkeypatch.setattr(optimum, "MOST_EPOCHS", 1)
    net = default_net(Watching, module__in_features=64, module__out_features=10)
    SampleSizeEstimator(net, training=training, schedule=[1, 2]).fit(*digits)
    assert seen == {1} and torch.get_num_threads() == 2
