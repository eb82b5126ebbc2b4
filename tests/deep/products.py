"""How far Hessian products of a fitted net are from differences of its gradient."""

from __future__ import annotations

import copy

import torch
from torch.func import functional_call

from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.fields import Fields, as_given
from sufficient.reproducibility.arithmetic import exact_arithmetic

STEP = 1e-5


def error_of_products(net, samples, step=STEP, seed=0):
    """Relative error of a product along a random direction, in float64."""
    module, X = copy.deepcopy(net.module_).double().eval(), _double(samples.X)
    criterion = copy.deepcopy(net.criterion_).double()
    y = samples.y.double() if samples.y.is_floating_point() else samples.y
    objective = Objective(module, criterion)
    direction = _direction(module, objective, seed)
    with objective.eval_mode(), exact_arithmetic(), torch.enable_grad():
        product = CurvatureOperator(objective, X, y) @ direction
        ahead, behind = (
            _gradient(module, criterion, X, y, objective.unflatten(move * direction))
            for move in (step, -step)
        )
    expected = (ahead - behind) / (2 * step)
    return float((product - expected).norm() / expected.norm())


def _direction(module, objective, seed):
    """Random, and zero for the padding of embeddings, which torch never trains."""
    torch.manual_seed(seed)
    parts = objective.unflatten(torch.randn(objective.n_parameters).double())
    for name, part in module.named_modules():
        padding, key = getattr(part, "padding_idx", None), f"{name}.weight"
        if padding is not None and key in parts:
            parts[key] = parts[key].clone()
            parts[key][padding] = 0
    direction = objective.flatten(parts.values())
    return direction / direction.norm()


def _gradient(module, criterion, X, y, moved):
    """Of torch's own mean loss, at weights that are moved."""
    weights = {
        name: (each.detach() + moved[name]).requires_grad_()
        for name, each in module.named_parameters()
        if name in moved
    }
    given = as_given(X)
    inputs = ((), given) if isinstance(given, dict) else ((given,), {})
    output = functional_call(module, weights, *inputs)
    target = y.reshape_as(output) if y.is_floating_point() else y
    parts = torch.autograd.grad(criterion(output, target), [*weights.values()])
    return torch.cat([part.reshape(-1) for part in parts])


def _double(X):
    if isinstance(X, Fields):
        return X.map(_double)
    return X.double() if X.is_floating_point() else X
