"""What every measurement is told, and what it hands back."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from ..common.clock import Timed

__all__ = ["ACCURACY", "Context", "Entry", "Figures"]

ACCURACY = 1e-3


@dataclass(frozen=True)
class Context:
    """Settings of a run.

    Attributes
    ----------
    full : bool
        Real sizes on Fashion-MNIST. Otherwise small ones on scikit-learn's digits,
        which show that all works and say nothing about speed.
    folder : Path
        Where trained networks and reference eigenvalues are kept.
    enough : float
        CPU seconds after which no further start vector is tried.
    earlier : dict of str to dict
        Figures of the entries of this workload that were measured before.
    """

    full: bool
    folder: Path
    enough: float = 600.0
    earlier: dict[str, dict] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One thing that is measured: a line of the table, a bar of the picture.

    Attributes
    ----------
    name : str
        Its name.
    kind : {"ours", "peer", "floor"}
        The library, somebody else's program, or a time that was calculated.
    target : float or None
        The ratio of the fastest peer's seconds to ours that we aim at.
    needs : str or None
        A distribution that has to be installed.
    """

    name: str
    kind: str
    target: float | None = None
    needs: str | None = None


@dataclass
class Figures:
    """What one entry took.

    Attributes
    ----------
    n : int
        Samples.
    seconds, wall_seconds : float
        Median over the repetitions.
    repetitions : list of float
        CPU seconds of each.
    products : float or None
        Median number of Hessian-vector products.
    max_relative_error : float or None
        Largest over the eigenvalues and start vectors.
    peak_memory : int or None
        Bytes beyond data, network and libraries.
    details : dict
        Settings chosen, and what else there is to say.
    """

    n: int
    seconds: float
    wall_seconds: float
    repetitions: list[float]
    products: float | None = None
    max_relative_error: float | None = None
    peak_memory: int | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, n: int, runs: list[Timed], **more) -> "Figures":
        """Medians of the seconds of runs that were timed."""
        return cls(
            n=n,
            seconds=median(run.cpu for run in runs),
            wall_seconds=median(run.wall for run in runs),
            repetitions=[run.cpu for run in runs],
            **more,
        )

    def as_dict(self) -> dict:
        """Ready for JSON."""
        return asdict(self)
