"""Settings and results of the measurements."""

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
        Real sizes on Fashion-MNIST. Otherwise small sizes on scikit-learn's digits,
        which test the benchmarks but say nothing about speed.
    folder : Path
        Where trained networks and reference eigenvalues are stored.
    enough : float
        CPU seconds after which no further start vector is tried.
    earlier : dict of str to dict
        Figures of the entries of this workload that have already been measured.
    """

    full: bool
    folder: Path
    enough: float = 600.0
    earlier: dict[str, dict] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One measurement: a line of the table and a bar of the picture.

    Attributes
    ----------
    name : str
        Name in the table.
    kind : {"ours", "peer", "floor"}
        The library, another program, or a calculated lower limit.
    target : float or None
        Target for the ratio of the fastest peer's time to ours.
    needs : str or None
        Distribution that has to be installed.
    """

    name: str
    kind: str
    target: float | None = None
    needs: str | None = None


@dataclass
class Figures:
    """Time, memory and accuracy of one entry.

    Attributes
    ----------
    n : int
        Number of samples.
    seconds, wall_seconds : float
        CPU time and wall time, medians over the repetitions.
    repetitions : list of float
        CPU seconds of each repetition.
    products : float or None
        Median number of Hessian-vector products.
    max_relative_error : float or None
        Largest relative error over all eigenvalues and start vectors.
    peak_memory : int or None
        Peak memory in bytes, minus that of data, network and libraries.
    details : dict
        Chosen settings and other information.
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
        """Figures from the results of `timed`; times are medians."""
        return cls(
            n=n,
            seconds=median(run.cpu for run in runs),
            wall_seconds=median(run.wall for run in runs),
            repetitions=[run.cpu for run in runs],
            **more,
        )

    def as_dict(self) -> dict:
        """The figures as a dictionary, ready for JSON."""
        return asdict(self)
