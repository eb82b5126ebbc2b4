"""The loss that a skorch net is trained on where samples have weights."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import BatchScoring, EpochScoring
from torch import Tensor, nn

from sufficient.data.samples import Samples
from sufficient.training.criteria import tempered_loss

__all__ = ["trained_loss"]


def trained_loss(net: NeuralNet, samples: Samples) -> AbstractContextManager[None]:
    r"""While a net is trained on samples: the loss for `NeuralNet.get_loss`.

    A minibatch B of samples with weights v, which are 1 on average over all training
    samples, has the loss

    .. math:: \frac{1}{|B|} \sum_{i \in B} v_i \ell_i,

    whose mean over minibatches is the loss that is measured.

    Parameters
    ----------
    net : NeuralNet
        Initialised.
    samples : Samples
        What it is trained on; where all count the same the net is left as it is.

    Returns
    -------
    context manager
        It can be entered again and again.

    Raises
    ------
    ValueError
        If a callback of the net scores training samples.
    """
    return nullcontext() if samples.weights is None else _WeightedLoss(net)


class _WeightedLoss(AbstractContextManager):
    """Puts another criterion into the net, and its own back."""

    def __init__(self, net: NeuralNet) -> None:
        _check_callbacks(net)
        self.net, self.own = net, net.criterion_
        self.weighted = _WeightedCriterion(net)

    def __enter__(self) -> None:
        self.net.criterion_ = self.weighted
        self.net.check_data = partial(_check_values, self.net)

    def __exit__(self, *error: object) -> None:
        self.net.criterion_ = self.own
        del self.net.check_data


def _check_values(net: NeuralNet, X: Any, y: list[Tensor]) -> None:
    """What the net checks of its data, of the targets without the weights."""
    type(net).check_data(net, X, y[0])


def _check_callbacks(net: NeuralNet) -> None:
    for name, callback in net.callbacks_:
        if isinstance(callback, (EpochScoring, BatchScoring)) and callback.on_train:
            raise ValueError(
                f"The callback {name!r} scores training samples, which skorch cannot "
                "do where they have sample_weight. Leave it out; the loss is in the "
                "history as 'train_loss'."
            )


class _WeightedCriterion(nn.Module):
    """The mean of the weighted losses, from targets and weights in a list."""

    def __init__(self, net: NeuralNet) -> None:
        super().__init__()
        self.loss = tempered_loss(net)

    def forward(self, output: Tensor, y: list[Tensor]) -> Tensor:
        """A single number."""
        values, weights = y
        return (weights * self.loss(output, values, 1.0)).mean()
