"""All ranks of a run have the same data, parameters, weights and measurements."""

from __future__ import annotations

import warnings
from dataclasses import replace

import torch
from torch import nn

from sufficient.ranks import Share, broadcast, from_first_rank, gathered, ranks
from sufficient.reproducibility.fingerprint import described, differences
from sufficient.results import Measurement

__all__ = ["broadcast_measurement", "broadcast_weights", "check_same_problem"]


def check_same_problem(**values: object) -> None:
    """Raise an error on every rank if the ranks have different data or parameters.

    Parameters
    ----------
    **values
        Data and parameters; `described` turns them into text that can be compared.

    Raises
    ------
    ValueError
        If a rank differs from rank 0; the message names the first such rank and the
        values that differ.
    """
    if ranks().size == 1:
        return
    first, *others = gathered({k: described(v) for k, v in values.items()})
    for rank, other in enumerate(others, start=1):
        if found := differences(first, other):
            raise ValueError(
                f"Rank {rank} (here) was given another problem than rank 0 (there): "
                f"{'; '.join(found)}. Give all ranks the same data and parameters."
            )


def broadcast_weights(module: nn.Module) -> None:
    """Copy the weights and buffers of rank 0 to all ranks; warn if they differed.

    On CPUs of one kind, training gives the same weights on every rank. On graphics
    cards it may not be deterministic, so the ranks may drift apart.
    """
    here = ranks()
    if here.size == 1:
        return
    squared = torch.zeros(2, dtype=torch.float64)
    for tensor in (*module.parameters(), *module.buffers()):
        own, theirs = tensor.detach(), broadcast(tensor)
        # On the CPU, because some devices have no double precision.
        mine, first = own.cpu().double(), theirs.cpu().double()
        squared[0] += (first - mine).square().sum()
        squared[1] += first.square().sum()
        own.copy_(theirs)
    apart, length = Share(here.size, here.rank, here.size).sum(squared).sqrt().tolist()
    if apart > 0:
        warnings.warn(
            f"The ranks have trained apart by {apart / length:.1e} of the norm of the "
            "weights, so the weights of rank 0 are used. Deterministic training avoids "
            "this (torch.use_deterministic_algorithms).",
            stacklevel=2,
        )


def broadcast_measurement(measurement: Measurement) -> Measurement:
    """The measurement of rank 0, so that all ranks stop at the same size."""
    small = from_first_rank(lambda: replace(measurement, eigenvectors=None))
    return replace(small, eigenvectors=measurement.eigenvectors)
