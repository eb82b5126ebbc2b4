"""How good a net is for samples it is not trained on, as one smooth number."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from scipy.optimize import minimize_scalar
from sklearn.utils import gen_batches
from skorch import NeuralNet
from torch import Tensor, nn

from sufficient.data.samples import Samples
from sufficient.fields import as_given
from sufficient.sample_weights import mean_by_weight
from sufficient.training.criteria import TAKE_LOGITS, tempered_loss

__all__ = ["Judge", "Judgement"]

# Scorers of probabilities themselves: a temperature would hide what they punish.
OF_PROBABILITIES = {"neg_log_loss", "neg_brier_score"}
HIGHEST_TEMPERATURE = 64.0
CHUNK = 2048


class Judgement(NamedTuple):
    """The calibrated loss of a net, and the temperature that makes it least."""

    loss: float
    temperature: float


class Judge:
    r"""The calibrated loss of a net on samples set apart.

    Long training makes the logits of a classifier larger and larger, and its loss on
    other samples rises while the order of its answers still improves. So the logits z
    are divided by the temperature that suits them best,

    .. math:: \min_{T \ge 1} \frac{1}{m} \sum_i \ell(z_i / T, y_i),

    which leaves a smooth stand-in for any score of decisions or ranks. Losses of other
    outputs are taken as they are.

    Parameters
    ----------
    samples : Samples
        Samples set apart; of those that do not fit in memory the first.
    scoring : str, callable or None
        The score that is asked for. Scores of probabilities are not calibrated.

    References
    ----------
    C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """

    def __init__(self, samples: Samples, scoring: str | Callable | None) -> None:
        self.samples = samples.in_memory
        self.is_calibrated = scoring not in OF_PROBABILITIES

    def __call__(self, net: NeuralNet) -> Judgement:
        """The loss of the net in eval mode."""
        outputs, y, loss = self._outputs(net), self.samples.y, tempered_loss(net)
        weights = self.samples.weights
        if not net.criterion_.state_dict():
            # The search for the temperature reads one loss after the other.
            outputs, y = outputs.cpu(), y.cpu()

        def at(log_temperature: float) -> float:
            losses = loss(outputs, y, math.exp(log_temperature))
            return float(mean_by_weight(losses, weights))

        as_it_is = Judgement(at(0.0), 1.0)
        if not (self.is_calibrated and isinstance(net.criterion_, TAKE_LOGITS)):
            return as_it_is
        bounds = 0.0, math.log(HIGHEST_TEMPERATURE)
        found = minimize_scalar(at, bounds=bounds, method="bounded")
        return min(as_it_is, Judgement(float(found.fun), math.exp(found.x)))

    def of_constant(self, net: NeuralNet) -> float:
        """The loss of the best constant answer; infinite where it is not known."""
        y, criterion = self.samples.y, net.criterion_
        weights = self.samples.weights
        mean = partial(mean_by_weight, weights=weights)
        if isinstance(criterion, nn.BCEWithLogitsLoss):
            return float(_entropy(torch.stack([mean(y), 1 - mean(y)])).mean())
        if isinstance(criterion, TAKE_LOGITS):
            return _weighted_entropy(y.reshape(-1), criterion.weight, weights)
        if isinstance(criterion, nn.MSELoss):
            y = y.cpu().double()
            return float(mean((y - mean(y)).square()).mean())
        return math.inf

    def _outputs(self, net: NeuralNet) -> Tensor:
        net.module_.eval()
        with torch.no_grad():
            rows = gen_batches(len(self.samples), CHUNK)
            parts = (as_given(self.samples.X[part]) for part in rows)
            return torch.cat([net.infer(part) for part in parts])


def _weighted_entropy(
    codes: Tensor, weight: Tensor | None, of_samples: Tensor | None
) -> float:
    """Mean weighted loss where each class has its weighted share as probability."""
    n_classes = 0 if weight is None else len(weight)
    # On the CPU, since graphics cards add weights up in any order.
    counted = None if of_samples is None else of_samples.cpu()
    shares = torch.bincount(codes.cpu(), counted, minlength=n_classes)
    weighted = shares / shares.sum() * (1 if weight is None else weight.cpu())
    total = weighted.sum()
    return float(total * _entropy(weighted / total))


def _entropy(shares: Tensor) -> Tensor:
    return torch.special.entr(shares.cpu().double()).sum(0)
