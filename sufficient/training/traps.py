"""Modules whose outputs are not what a landscape can be measured of."""

from __future__ import annotations

import torch
from skorch import NeuralNet
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from sufficient.fields import as_given
from sufficient.training.inputs import FAILURES
from sufficient.typing import Rows

__all__ = ["check_traps"]


def check_traps(net: NeuralNet, X: Rows) -> None:
    """Raise ValueError where a module misleads without an error of its own.

    Parameters
    ----------
    net : NeuralNet
        Initialised.
    X : Rows
        A few samples.
    """
    _check_statistics(net.module_)
    net.module_.eval()
    try:
        with torch.enable_grad():
            output, again = (net.infer(as_given(X)) for _ in range(2))
    except FAILURES:
        # Told in full where the outputs are checked.
        return
    _check_is_tensor(output)
    if not output.requires_grad:
        raise ValueError(
            "The outputs do not depend on any trainable parameter. Remove .detach(), "
            "torch.no_grad() and conversions to numpy from the module's forward, or "
            "unfreeze parameters that it uses."
        )
    if not torch.equal(output.isnan(), again.isnan()) or not torch.allclose(
        output, again, equal_nan=True
    ):
        raise ValueError(
            "The module gives two answers to the same samples in eval mode: it draws "
            "random numbers, or keeps a state. Draw them only while self.training, as "
            "in torch.nn.functional.dropout(h, p, self.training)."
        )


def _check_statistics(module: nn.Module) -> None:
    for name, part in module.named_modules():
        if isinstance(part, _BatchNorm) and part.running_mean is None:
            raise ValueError(
                f"The batch normalisation {name!r} keeps no running statistics, so the "
                "loss of a sample depends on the others in its batch. Use "
                "track_running_stats=True, or GroupNorm or LayerNorm."
            )


def _check_is_tensor(output: object) -> None:
    if isinstance(output, Tensor):
        return
    hint = ""
    if hasattr(output, "keys"):
        hint = f" It has {', '.join(map(str, output.keys()))}."
    raise ValueError(
        f"The module returns a {type(output).__name__}, but one tensor is needed, with "
        "a row for each sample. Wrap it in a module that picks one, such as the "
        f"logits.{hint}"
    )
