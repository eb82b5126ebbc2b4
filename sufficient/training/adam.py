"""Steps of Adam by its fused kernel alone, without what `Optimizer.step` adds to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Adam, AdamW, Optimizer

__all__ = ["step_of_optimizer"]

# With any of these set, `step` does more than call the kernel.
OTHER_WAYS = ("amsgrad", "maximize", "differentiable", "capturable")


def step_of_optimizer(optimizer: Optimizer) -> Callable[[], object]:
    """What makes a step of the optimiser, where the gradients stay the same tensors.

    Parameters
    ----------
    optimizer : Optimizer
        Of parameters that all have gradients.

    Returns
    -------
    callable
        Its own `step`, or a faster one that leaves the same weights and state.
    """
    return _KernelAlone(optimizer) if _is_fused_adam(optimizer) else optimizer.step


class _KernelAlone:
    """Steps of a fused Adam; the first is its own, because it sets up the state."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self._groups: list[tuple[dict[str, Any], list[list[torch.Tensor]]]] = []

    def __call__(self) -> None:
        if not self._groups:
            self.optimizer.step()
            self._groups = [
                (group, self._tensors(group)) for group in self.optimizer.param_groups
            ]
            return
        decoupled = isinstance(self.optimizer, AdamW)
        kernel = torch._fused_adamw_ if decoupled else torch._fused_adam_
        for group, (*tensors, counts) in self._groups:
            torch._foreach_add_(counts, 1)
            kernel(
                *(*tensors, [], counts),
                **{name: group[name] for name in ("lr", "weight_decay", "eps")},
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                amsgrad=False,
                maximize=False,
            )

    def _tensors(self, group):
        states = [self.optimizer.state[each] for each in group["params"]]
        named = [
            [state[name] for state in states]
            for name in ("exp_avg", "exp_avg_sq", "step")
        ]
        return [group["params"], [each.grad for each in group["params"]], *named]


def _is_fused_adam(optimizer):
    hooks = optimizer._optimizer_step_pre_hooks, optimizer._optimizer_step_post_hooks
    return (
        type(optimizer) in (Adam, AdamW)
        and not any(hooks)
        and all(
            group["fused"]
            and isinstance(group["lr"], float)
            and all(each.device.type == "cpu" for each in group["params"])
            and not any(group[name] for name in OTHER_WAYS)
            for group in optimizer.param_groups
        )
    )
