"""Nets with data whose dense Hessian can be had, and whose curvature is known."""

import torch
from torch import nn

from sufficient import MLP, ConvNet
from tests.dense import dense_hessian, outputs_at


def make_case(name):
    """A net, its data and the name of its loss, in float64."""
    torch.manual_seed(0)
    nets = {
        "mlp": MLP(6, 3, hidden_sizes=(7, 5)),
        "mlp without biases": MLP(6, 3, hidden_sizes=(8,), bias=False),
        "tanh": nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)),
        "conv": ConvNet(64, 3, channels=(2, 3), hidden_size=5),
        "dropout and batch norm": nn.Sequential(
            nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 3)
        ),
        "regression": MLP(6, 2, hidden_sizes=(8,)),
    }
    net = nets[name].double()
    X = torch.randn(40, 64 if name == "conv" else 6, dtype=torch.float64)
    y = torch.randn(40, 2).double() if name == "regression" else torch.arange(40) % 3
    loss = "mse" if name == "regression" else "cross_entropy"
    return net, X, y, loss


CASES = [
    "mlp",
    "mlp without biases",
    "tanh",
    "conv",
    "dropout and batch norm",
    "regression",
]


def mean_loss(net, X, y, loss):
    """As a function of one vector of weights."""
    named = {"cross_entropy": nn.CrossEntropyLoss(), "mse": nn.MSELoss()}[loss]
    return lambda weights: named(outputs_at(net.eval(), weights, X), y)


def hessian_of(net, X, y, loss):
    """Of the mean loss, in all weights."""
    return dense_hessian(net, mean_loss(net, X, y, loss))


def low_rank_problem(seed=0, n=400, noise=0.05, n_inputs=300):
    """A trained net whose samples lie near a plane of eight dimensions."""
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=generator).double()  # noqa: E731
    hidden = draw(n, 8) * torch.linspace(3, 1, 8)
    X = hidden @ draw(8, n_inputs) / 8**0.5 + noise * draw(n, n_inputs)
    y = (hidden[:, 0] > 0).long() + (hidden[:, 1] > 0).long()
    torch.manual_seed(seed)
    net = MLP(n_inputs, 3, hidden_sizes=(6, 5)).double()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(X), y).backward()
        optimizer.step()
    return net, X, y
