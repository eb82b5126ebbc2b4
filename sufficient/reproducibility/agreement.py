"""The ranks of a run have the same problem, weights and answers."""

from __future__ import annotations

import warnings
from dataclasses import replace

import torch
from torch import nn

from sufficient.ranks import Share, agreed, every_rank_has, first_rank_says, ranks
from sufficient.reproducibility.fingerprint import described, differences
from sufficient.results import Measurement

__all__ = ["agree_on_weights", "agreed_measurement", "check_same_problem"]


def check_same_problem(**values: object) -> None:
    """Raise an error on every rank where one was given something else.

    Parameters
    ----------
    **values
        Data, compared by checksums, and parameters, as they print.

    Raises
    ------
    ValueError
        Naming the first rank that differs, and in what.
    """
    if ranks().size == 1:
        return
    first, *others = every_rank_has({k: described(v) for k, v in values.items()})
    for rank, other in enumerate(others, start=1):
        if found := differences(first, other):
            raise ValueError(
                f"Rank {rank} (here) was given another problem than rank 0 (there): "
                f"{'; '.join(found)}. Give all ranks the same data and parameters."
            )


def agree_on_weights(module: nn.Module) -> None:
    """Take over the first rank's weights and buffers, and say so if they are others.

    On one kind of processor training gives the same on every rank. On graphics cards
    it may not be deterministic, and drift.
    """
    here = ranks()
    if here.size == 1:
        return
    squared = torch.zeros(2, dtype=torch.float64)
    for tensor in (*module.parameters(), *module.buffers()):
        own, theirs = tensor.detach(), agreed(tensor)
        squared[0] += (theirs.double() - own.double()).square().sum().cpu()
        squared[1] += theirs.double().square().sum().cpu()
        own.copy_(theirs)
    apart, length = Share(here.size, here.rank, here.size).sum(squared).sqrt().tolist()
    if apart > 0:
        warnings.warn(
            f"The ranks trained apart by {apart / length:.1e} of the length of the "
            "weights; those of rank 0 are taken. Deterministic training keeps them "
            "together (torch.use_deterministic_algorithms).",
            stacklevel=2,
        )


def agreed_measurement(measurement: Measurement) -> Measurement:
    """The first rank's, to the last bit: what follows from it decides when to stop."""
    small = first_rank_says(lambda: replace(measurement, eigenvectors=None))
    return replace(small, eigenvectors=measurement.eigenvectors)
