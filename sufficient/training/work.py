"""How much arithmetic a net does, and on how many threads it is done fastest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from skorch import NeuralNet
from torch import nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from sufficient.fields import as_given
from sufficient.typing import Rows

__all__ = ["forward_flops", "threads_for"]

# Half a millisecond of one core. Threads that share less wait for each other, and on a
# machine with other work for many times as long as they compute.
WORTH_SHARING = 4e7


@contextmanager
def threads_for(flops: float) -> Iterator[None]:
    """Compute on one thread where a pass takes too few operations to share them.

    Parameters
    ----------
    flops : float
        Operations of a forward pass of all samples that are computed together.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1 if flops < WORTH_SHARING else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def forward_flops(net: NeuralNet, X: Rows) -> float:
    """Operations of a forward pass of one sample.

    Parameters
    ----------
    net : NeuralNet
        Initialised.
    X : Rows
        Samples, of which the first is tried.

    Returns
    -------
    float
        Those of linear layers and convolutions, and at least two for every weight.

    Examples
    --------
    >>> from sufficient.nets import default_net
    >>> net = default_net(nn.Linear(3, 4)).initialize()
    >>> forward_flops(net, torch.zeros(2, 3))
    24.0
    """
    module, counted = net.module_, []

    def count(layer, inputs, output):
        # Every weight is used once at each place: of the inputs, where it spreads them.
        places = inputs[0] if isinstance(layer, _ConvTransposeNd) else output
        n_places = places.numel() / len(layer.weight)
        counted.append(2 * layer.weight.numel() * n_places)

    layers = [m for m in module.modules() if isinstance(m, (nn.Linear, _ConvNd))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    was_training = module.training
    try:
        module.eval()
        with torch.no_grad():
            net.infer(as_given(X[:1]))
    finally:
        module.train(was_training)
        for hook in hooks:
            hook.remove()
    # Biases are added, not multiplied.
    least = 2 * sum(each.numel() for each in module.parameters() if each.ndim > 1)
    return float(max(sum(counted), least))
