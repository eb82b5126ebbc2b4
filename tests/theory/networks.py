"""1,200 random networks with data, and what autograd says of them in float64."""

from functools import partial

import numpy as np
import torch
from torch import nn
from torch.func import grad, hessian, jacrev, vmap

from sufficient import MLP
from tests.dense import outputs_at, weights_of

N_NETS, N_SAMPLES = 60, 6
ARCHITECTURES = [
    (3, (), 2),
    (4, (), 5),
    (2, (3,), 2),
    (4, (3,), 3),
    (3, (4,), 2),
    (2, (3, 2), 3),
    (3, (2, 4), 2),
    (2, (2, 3, 2), 3),
    (3, (2, 2, 2), 2),
    (2, (2, 2, 2, 2), 2),
]
ROUNDING = 1 + 1e-9


def random_case(rng, sizes, bias):
    """A network of random size of weights, and samples of random size."""
    n_inputs, hidden, n_classes = sizes
    net = MLP(n_inputs, n_classes, hidden, bias=bias).double()
    with torch.no_grad():
        for parameter in net.parameters():
            scale = 10 ** rng.uniform(-1.5, 0.7)
            draw = rng.standard_normal(parameter.shape)
            parameter.copy_(torch.as_tensor(scale * draw))
    scale = 10 ** rng.uniform(-1, 1)
    X = torch.as_tensor(scale * rng.standard_normal((N_SAMPLES, n_inputs)))
    return net, X, torch.as_tensor(rng.integers(0, n_classes, N_SAMPLES))


def flat_loss(net, weights, x, y):
    return nn.functional.cross_entropy(outputs_at(net, weights, x[None])[0], y)


def over_all(function):
    """Map a function of (weights, x[, y]) over the samples, then over the networks."""
    return lambda w, *data: vmap(vmap(function, (None, *(0 for _ in data))))(w, *data)


def dense_gauss_newton(net, weights, x):
    J = jacrev(lambda w: outputs_at(net, w, x[None])[0])(weights)
    p = outputs_at(net, weights, x[None])[0].softmax(dim=0)
    return J.T @ (torch.diag(p) - torch.outer(p, p)) @ J


def make_family(sizes, bias):
    """Many networks of one architecture, with everything autograd says of them."""
    rng = np.random.default_rng([sizes[0], sizes[2], *sizes[1], bias])
    cases = [random_case(rng, sizes, bias) for _ in range(N_NETS)]
    net = cases[0][0]
    weights = torch.stack([weights_of(c[0]) for c in cases])
    X, y = (torch.stack([case[i] for case in cases]) for i in (1, 2))
    loss = partial(flat_loss, net)
    return {
        "cases": cases,
        "losses": over_all(loss)(weights, X, y).numpy(),
        "gradients": over_all(grad(loss))(weights, X, y).numpy(),
        "hessians": over_all(hessian(loss))(weights, X, y).numpy(),
        "ggn": over_all(partial(dense_gauss_newton, net))(weights, X).numpy(),
    }


def norms(matrices):
    return np.linalg.norm(matrices, ord=2, axis=(-2, -1))


def bounds(family, function, **settings):
    return np.array([function(net, X, **settings) for net, X, _ in family["cases"]])


def never_below(bound, truth):
    return bool(np.all(truth <= bound * ROUNDING + 1e-300))
