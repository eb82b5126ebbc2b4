"""Three summaries in full."""

from __future__ import annotations

from collections.abc import Sequence

from .work import Fit

__all__ = ["summaries"]

SHOWN = ("moons", "Gaussian quantiles", "Fashion-MNIST")


def summaries(fits: Sequence[Fit], n: int) -> dict[str, str]:
    """What `summary` says of the first fit to n samples of three data sets."""
    return {
        f"summary of {name}": f"```text\n{fit['summary']}\n```"
        for name in SHOWN
        for fit in fits
        if (fit.pair.data, fit.n, fit.seed) == (name, n, 0)
    }
