"""Per-sample losses from a name, a torch criterion or a function."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import vmap

from sufficient.sample_weights import Targets, mean_by_weight, values_of

__all__ = [
    "Loss",
    "PerSampleLoss",
    "check_is_mean",
    "mean_weight",
    "per_sample_loss",
    "weighted_mean",
]

# With class weights, their mean is divided by the weights of the batch.
DIVIDE = (nn.CrossEntropyLoss, nn.NLLLoss)

Loss = str | nn.Module | Callable[[Tensor, Tensor], Tensor]


class PerSampleLoss:
    """One loss per sample, from outputs and targets; times its weight if it has one.

    Parameters
    ----------
    function : callable
        Returns one number per sample, or several that are averaged.
    derivatives : callable or None, default=None
        Returns gradients (n, n_outputs) and Hessians (n, n_outputs, n_outputs) of the
        losses with respect to the outputs. None where they are not known in closed
        form.
    """

    def __init__(
        self,
        function: Callable[[Tensor, Tensor], Tensor],
        derivatives: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None,
    ) -> None:
        self.function, self.derivatives = function, derivatives

    def __call__(self, output: Tensor, y: Targets) -> Tensor:
        """Losses of shape (n,)."""
        y, weights = values_of(y)
        y = y.reshape_as(output) if _is_column(output, y) else y
        values = self.function(output, y)
        if values.shape[:1] != output.shape[:1]:
            raise ValueError(
                "The loss must return one number per sample, got shape "
                f"{tuple(values.shape)} for {len(output)} samples. Use "
                "reduction='none', or a function that does not average over samples."
            )
        each = values.reshape(len(values), -1).mean(dim=1)
        return each if weights is None else weights * each

    def known_derivatives(self, output: Tensor, y: Targets) -> tuple[Tensor, Tensor]:
        """What `derivatives` returns, times the weights of the samples."""
        assert self.derivatives is not None
        y, weights = values_of(y)
        gradients, hessians = self.derivatives(output, y)
        if weights is None:
            return gradients, hessians
        return weights[:, None] * gradients, weights[:, None, None] * hessians


def check_is_mean(whole: Tensor, each: Tensor) -> None:
    """Raise ValueError if a criterion is not the mean of its per-sample losses.

    Parameters
    ----------
    whole : Tensor
        Value of the criterion for all samples together.
    each : Tensor of shape (n,)
        Value of the criterion for each sample alone.
    """
    if whole.numel() > 1:
        raise ValueError(
            f"The criterion returns {whole.numel()} numbers for {len(each)} samples, "
            "but training needs a single number. Use reduction='mean'."
        )
    mean = each.mean()
    if not torch.isclose(whole.reshape(()), mean, rtol=1e-3, atol=1e-6, equal_nan=True):
        raise ValueError(
            f"The criterion is {float(whole):.4g} for {len(each)} samples together, "
            f"but {float(mean):.4g} on average for single samples, so the measured "
            "loss would not be the trained one. Use reduction='mean', without terms "
            "that depend on several samples at once."
        )


def mean_weight(criterion: object, y: Targets) -> float:
    """By what a criterion with class weights divides the mean of its weighted losses.

    Parameters
    ----------
    criterion : object
        Cross-entropy of one label per sample is divided by the mean weight of the
        samples, and any other criterion by nothing.
    y : Tensor of shape (n,)
        Class indices; the mean counts the weights of the samples if they have some.

    Returns
    -------
    float
        1 where there are no such weights.
    """
    if not isinstance(criterion, DIVIDE) or criterion.weight is None:
        return 1.0
    codes, weights = values_of(y)
    of_each = criterion.weight[codes.reshape(-1)].cpu().double()
    return float(mean_by_weight(of_each, weights))


def weighted_mean(criterion: Loss, y: Tensor) -> Loss:
    """The criterion with weights whose mean over the samples is 1, if it has such.

    The mean of its weighted losses is then the weighted mean that torch computes.
    """
    mean = mean_weight(criterion, y)
    if mean == 1 or not isinstance(criterion, DIVIDE) or criterion.weight is None:
        return criterion
    changed = copy.copy(criterion)
    changed._buffers = {"weight": criterion.weight / mean}
    return changed


def per_sample_loss(loss: Loss | PerSampleLoss) -> PerSampleLoss:
    """Turn a named loss, a torch criterion or a function into one loss per sample."""
    if isinstance(loss, PerSampleLoss):
        return loss
    if isinstance(loss, str):
        return _named_loss(loss)
    if isinstance(loss, nn.Module):
        return _criterion_loss(loss)
    return PerSampleLoss(loss)


def _named_loss(name):
    named = {"cross_entropy": nn.CrossEntropyLoss(), "mse": nn.MSELoss()}
    if name not in named:
        raise ValueError(f"loss must be one of {sorted(named)} or a callable: {name!r}")
    return _criterion_loss(named[name])


def _criterion_loss(criterion):
    if not hasattr(criterion, "reduction"):
        return PerSampleLoss(_called_per_sample(criterion))
    criterion, sums = copy.deepcopy(criterion), criterion.reduction == "batchmean"
    criterion.reduction = "none"
    if sums:
        return PerSampleLoss(lambda z, y: criterion(z, y).flatten(1).sum(1))
    if isinstance(criterion, nn.MSELoss | nn.L1Loss | nn.SmoothL1Loss | nn.HuberLoss):
        return PerSampleLoss(lambda z, y: criterion(z, y.to(z.dtype).reshape_as(z)))
    known = type(criterion) is nn.CrossEntropyLoss and criterion.weight is None
    derivatives = _softmax_derivatives(criterion) if known else None
    return PerSampleLoss(_called_per_sample(criterion), derivatives)


def _softmax_derivatives(criterion):
    """Derivatives of the cross-entropy of class codes."""

    def derivatives(output, y):
        n_classes, smoothing = output.shape[1], criterion.label_smoothing
        p = torch.softmax(output, 1)
        classes = torch.arange(n_classes, device=y.device)
        wanted = (y[:, None] == classes).to(p) * (1 - smoothing) + smoothing / n_classes
        counts = (y != criterion.ignore_index).to(p)[:, None]
        hessian = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
        return counts * (p - wanted), counts[..., None] * hessian

    return derivatives


def _called_per_sample(criterion):
    """One loss per sample, also from a criterion that returns the mean of a batch."""

    def losses(output, y):
        values = criterion(output, y)
        if values.ndim:
            return values
        return vmap(lambda z, t: criterion(z[None], t[None]))(output, y)

    return losses


def _is_column(output, y):
    column = len(y) == y.numel() == output.numel()
    return column and y.is_floating_point() and y.shape != output.shape
