"""The loss that a skorch net is trained on where samples have weights."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from skorch import NeuralNet
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
    """
    return nullcontext() if samples.weights is None else _WeightedLoss(net)


class _WeightedLoss(AbstractContextManager):
    """Puts another criterion into the net, and its own back."""

    def __init__(self, net: NeuralNet) -> None:
        self.net, self.own = net, net.criterion_
        self.weighted = _WeightedCriterion(net)

    def __enter__(self) -> None:
        self.net.criterion_ = self.weighted

    def __exit__(self, *error: object) -> None:
        self.net.criterion_ = self.own


class _WeightedCriterion(nn.Module):
    """The mean of the weighted losses, from targets and weights in a list."""

    def __init__(self, net: NeuralNet) -> None:
        super().__init__()
        self.loss = tempered_loss(net)

    def forward(self, output: Tensor, y: list[Tensor]) -> Tensor:
        """A single number."""
        values, weights = y
        return (weights * self.loss(output, values, 1.0)).mean()
