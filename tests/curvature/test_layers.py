"""Oracles: the recorded graph of automatic differentiation, in float64."""

import pytest
import torch
from torch import nn

from sufficient import MLP, ConvNet
from sufficient.curvature.layers.tracing import chain_of
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.inputs import Standardise
from sufficient.landscape.displaced import losses_at
from sufficient.landscape.projection import project

SIDE = 6


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 4, 3)
        self.last = nn.Linear(4, 3)

    def forward(self, X):
        X = nn.functional.max_pool2d(torch.relu(self.first(X)), 2)
        X = nn.functional.relu(self.second(X))
        return self.last(torch.flatten(X, 1))


def images(*layers):
    return nn.Sequential(nn.Unflatten(1, (1, SIDE, SIDE)), *layers)


def standardised(net):
    """With means and scales as those of samples that are far from standardised."""
    layer = net.inputs if isinstance(net, MLP) else net.inputs[1]
    layer.fit(3 * torch.randn(50, SIDE**2) + 2)
    return net


def nets():
    return {
        "mlp": MLP(SIDE**2, 3, hidden_sizes=(7, 5)),
        "no biases": MLP(SIDE**2, 3, hidden_sizes=(7, 5), bias=False),
        "linear": MLP(SIDE**2, 3, hidden_sizes=()),
        "convnet": ConvNet(SIDE**2, 3, channels=(2, 3), hidden_size=5),
        "mlp that standardises": standardised(
            MLP(SIDE**2, 3, hidden_sizes=(7, 5), standardise=True)
        ),
        "convnet that standardises": standardised(
            ConvNet(SIDE**2, 3, channels=(2, 3), hidden_size=5, standardise=True)
        ),
        "smooth": nn.Sequential(
            nn.Linear(SIDE**2, 6),
            nn.Tanh(),
            nn.Linear(6, 5),
            nn.GELU(),
            nn.Linear(5, 3),
        ),
        "rectified in place": nn.Sequential(
            nn.Linear(SIDE**2, 6), nn.ReLU(inplace=True), nn.Linear(6, 3)
        ),
        "functional": images(Functional()),
        "strides and dropout": images(
            nn.Conv2d(1, 3, 3, padding=1),
            nn.Softplus(),
            nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False),
            nn.LeakyReLU(),
            nn.Dropout(),
            nn.MaxPool2d(3),
            nn.Flatten(),
            nn.Linear(4, 3),
        ),
        "smooth at the end": nn.Sequential(nn.Linear(SIDE**2, 3), nn.Sigmoid()),
    }


def case(name, loss="cross_entropy"):
    torch.manual_seed(0)
    net = nets()[name].double().eval()
    X = torch.randn(12, SIDE**2, dtype=torch.float64)
    y = torch.randint(3, (12,))
    if loss == "mse":
        y = torch.randn(12, 3, dtype=torch.float64)
    return Objective(net, loss), recorded(net, loss), X, y


def recorded(net, loss="cross_entropy"):
    objective = Objective(net, loss)
    objective._layers = None
    return objective


def directions(objective, d=3):
    return torch.linalg.qr(torch.randn(objective.n_parameters, d).double())[0]


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("matrix", ["hessian", "ggn"])
@pytest.mark.parametrize("name", nets())
def test_products_equal_those_through_the_graph(name, matrix, loss):
    by_rules, by_graph, X, y = case(name, loss)
    rows = directions(by_rules).T
    found = CurvatureOperator(by_rules, X, y, matrix=matrix)
    expected = CurvatureOperator(by_graph, X, y, matrix=matrix)
    assert found.layers is not None and expected.layers is None
    torch.testing.assert_close(found.products(rows), expected.products(rows))
    torch.testing.assert_close(found @ rows[0], expected @ rows[0])


@pytest.mark.parametrize("frozen", ["first", "middle", "biases"])
def test_frozen_weights_are_left_out(frozen):
    net = nets()["strides and dropout"].double().eval()
    parts = {"first": net[1].parameters(), "middle": net[3].parameters()}
    parts["biases"] = [net[1].bias, net[8].bias]
    for parameter in parts[frozen]:
        parameter.requires_grad_(False)
    X, y = torch.randn(9, SIDE**2).double(), torch.randint(3, (9,))
    rows = directions(Objective(net, "cross_entropy")).T
    found = CurvatureOperator(Objective(net, "cross_entropy"), X, y)
    assert found.layers is not None
    expected = CurvatureOperator(recorded(net), X, y)
    torch.testing.assert_close(found.products(rows), expected.products(rows))


class Pretrained(nn.Module):
    """A backbone that branches."""

    def __init__(self):
        super().__init__()
        self.layer, self.norm = nn.Linear(SIDE**2, 6), nn.LayerNorm(6)
        self.passes = 0

    def forward(self, X):
        self.passes += len(X)
        hidden = self.layer(X)
        return hidden + torch.tanh(self.norm(hidden))


def with_head(*, frozen):
    net = nn.Sequential(Pretrained(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    net[0].requires_grad_(not frozen)
    return net.double().eval()


def test_a_frozen_backbone_is_one_layer_before_the_chain():
    net = with_head(frozen=True)
    X, y = torch.randn(9, SIDE**2).double(), torch.randint(3, (9,))
    by_rules, by_graph = Objective(net, "cross_entropy"), recorded(net)
    basis, offsets = directions(by_rules), torch.randn(5, 3).double()
    found = CurvatureOperator(by_rules, X, y)
    assert found.layers is not None
    expected = CurvatureOperator(by_graph, X, y)
    torch.testing.assert_close(found.products(basis.T), expected.products(basis.T))
    net[0].passes = 0
    at_once = losses_at(by_rules, X, y, basis, offsets)
    assert net[0].passes <= len(X) + 1
    one_by_one = losses_at(by_graph, X, y, basis, offsets)
    torch.testing.assert_close(torch.as_tensor(at_once), torch.as_tensor(one_by_one))


def test_a_backbone_that_is_trained_or_comes_later_is_differentiated():
    assert chain_of(with_head(frozen=False)) is None
    frozen, head = with_head(frozen=True)[0], nn.Linear(6, 3).double()
    assert chain_of(nn.Sequential(nn.Linear(SIDE**2, SIDE**2), frozen, head)) is None


@pytest.mark.parametrize("matrix", ["hessian", "ggn"])
@pytest.mark.parametrize("name", nets())
def test_projections_equal_nested_forward_derivatives(name, matrix):
    by_rules, by_graph, X, y = case(name)
    basis = directions(by_rules)
    found = project(by_rules, X, y, basis, matrix=matrix)
    expected = project(by_graph, X, y, basis, matrix=matrix)
    for part in ("losses", "gradients", "hessians"):
        pair = (torch.as_tensor(getattr(p, part)) for p in (found, expected))
        torch.testing.assert_close(*pair)


@pytest.mark.parametrize("name", nets())
def test_losses_at_draws_equal_one_pass_for_each(name):
    by_rules, by_graph, X, y = case(name)
    basis, offsets = directions(by_rules), torch.randn(5, 3).double()
    found = losses_at(by_rules, X, y, basis, offsets)
    expected = losses_at(by_graph, X, y, basis, offsets)
    torch.testing.assert_close(torch.as_tensor(found), torch.as_tensor(expected))


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, X):
        return X + self.layer(X)


class Remembering(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, X):
        self.seen = X
        return self.layer(X)


def hooked():
    net = nn.Sequential(nn.Linear(4, 3))
    net.register_forward_hook(lambda module, args, output: 2 * output)
    return net


def shared():
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, nn.ReLU(), layer)


@pytest.mark.parametrize(
    "net",
    [
        Branching(),
        hooked(),
        shared(),
        nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)),
        nn.Sequential(nn.Unflatten(1, (4, 1, 1)), nn.Conv2d(4, 4, 1, groups=2)),
        nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)),
    ],
    ids=["branch", "hook", "shared", "batch norm", "groups", "parametrization"],
)
def test_other_networks_are_left_to_automatic_differentiation(net):
    assert chain_of(net) is None


def test_standardisation_after_weights_is_left_to_automatic_differentiation():
    net = nn.Sequential(nn.Linear(4, 3), Standardise(3), nn.ReLU(), nn.Linear(3, 2))
    assert Objective(net, "cross_entropy").layers(torch.randn(5, 4)) is None


def test_tracing_leaves_nothing_behind_in_the_network():
    net = Remembering()
    assert chain_of(net) is not None
    assert not hasattr(net, "seen")
