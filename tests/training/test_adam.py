"""Steps of Adam by its kernel alone. Oracle: the same steps by torch's own `step`."""

import copy

import pytest
import torch
from torch.optim import SGD, Adam, AdamW

from sufficient.training.adam import step_of_optimizer


def weights_and_optimizer(kind, **how):
    torch.manual_seed(0)
    weights = [torch.randn(shape, requires_grad=True) for shape in ((5, 3), (5,))]
    for each in weights:
        each.grad = torch.zeros_like(each)
    return weights, kind(weights, **how)


def walk(weights, step, n_steps=4):
    generator = torch.Generator().manual_seed(1)
    for _ in range(n_steps):
        for each in weights:
            each.grad.copy_(torch.randn(each.shape, generator=generator))
        step()


@pytest.mark.parametrize("kind", [Adam, AdamW])
@pytest.mark.parametrize("how", [{}, {"weight_decay": 0.1, "betas": (0.5, 0.9)}])
def test_weights_and_state_are_those_of_torch(kind, how):
    weights, optimizer = weights_and_optimizer(kind, lr=0.1, fused=True, **how)
    others, other = weights_and_optimizer(kind, lr=0.1, fused=True, **how)
    step = step_of_optimizer(optimizer)
    assert step != optimizer.step
    walk(weights, step)
    walk(others, other.step)
    for one, two in zip(weights, others, strict=True):
        assert torch.equal(one, two)
        for name, expected in other.state[two].items():
            assert torch.equal(optimizer.state[one][name], expected)


def test_a_later_walk_goes_on_from_the_state():
    weights, optimizer = weights_and_optimizer(Adam, fused=True)
    walk(weights, step_of_optimizer(optimizer))
    others, state = copy.deepcopy(weights), copy.deepcopy(optimizer.state_dict())
    for one, two in zip(weights, others, strict=True):
        two.grad = torch.zeros_like(one)
    other = Adam(others, fused=True)
    other.load_state_dict(state)
    walk(weights, step_of_optimizer(optimizer))
    walk(others, step_of_optimizer(other))
    assert all(torch.equal(a, b) for a, b in zip(weights, others, strict=True))


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        (Adam, {"fused": False}),
        (Adam, {"fused": True, "amsgrad": True}),
        (Adam, {"fused": True, "maximize": True}),
        (SGD, {"fused": True}),
    ],
    ids=["not fused", "amsgrad", "maximize", "SGD"],
)
def test_other_optimisers_make_their_own_steps(kind, how):
    _, optimizer = weights_and_optimizer(kind, lr=0.1, **how)
    assert step_of_optimizer(optimizer) == optimizer.step


def test_an_optimiser_with_hooks_makes_its_own_steps():
    _, optimizer = weights_and_optimizer(Adam, fused=True)
    optimizer.register_step_post_hook(lambda *_: None)
    assert step_of_optimizer(optimizer) == optimizer.step
