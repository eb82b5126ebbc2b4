"""Every parameter of a fit, once: its default, what it may be, and what it means."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
from sklearn.metrics import get_scorer_names
from sklearn.utils._param_validation import Interval, StrOptions

__all__ = [
    "BOUNDS",
    "REFERENCE_BATCH",
    "STOPS",
    "TRAININGS",
    "Settings",
    "constraints_of",
    "parameter",
    "with_settings",
]

# What can be compared with `tol`, and the column that holds it.
BOUNDS = {
    "projected": "projected",
    "eigenvalue": "eigenvalue",
    "monte_carlo": "delta",
}
TRAININGS = ("converged", "update", "restart", "full")
STOPS = ("answer", "landscape", "never")
# Delta depends on the size of the batch that arrives. It is always that of the papers,
# so that the answer in samples does not depend on `batch_size`.
REFERENCE_BATCH = 64

Function = TypeVar("Function", bound=Callable[..., Any])


def parameter(
    default: Any, constraint: list[Any] | str, meaning: str, **how: Any
) -> Any:
    """A field that knows what values it may have and what it means."""
    return field(
        default=default, metadata={"constraint": constraint, "meaning": meaning}, **how
    )


@dataclass(kw_only=True)
class Settings:
    """How to grow, train, measure and decide.

    `SampleSizeEstimator` inherits these and documents each in full.
    """

    tol: float = parameter(
        0.025,
        [Interval(Real, 0, None, closed="neither")],
        "change of the loss that counts as none",
    )
    batch_size: int | str = parameter(
        "auto",
        [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "samples added at a time",
    )
    n_directions: int = parameter(
        10,
        [Interval(Integral, 1, None, closed="left")],
        "leading eigenvectors to look along",
    )
    sigma: float | str = parameter(
        1.0,
        [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "how far the weights are moved",
    )
    bound: str = parameter(
        "projected", [StrOptions(set(BOUNDS))], "curve that has to meet tol"
    )
    n_monte_carlo: int = parameter(
        64,
        [Interval(Integral, 2, None, closed="left")],
        "random displacements of the weights",
    )
    training: str = parameter(
        "converged", [StrOptions(set(TRAININGS))], "how the net follows the data"
    )
    stop: str = parameter(
        "answer", [StrOptions(set(STOPS))], "when to stop growing the training set"
    )
    refit: bool = parameter(
        True, ["boolean"], "train and measure on all the data after stopping early"
    )
    scoring: str | Callable[..., Any] | None = parameter(
        None,
        [StrOptions(set(get_scorer_names())), callable, None],
        "name of a scikit-learn scorer; accuracy or R2 by default",
    )
    min_gain: float = parameter(
        0.01,
        [Interval(Real, 0, None, closed="left")],
        "score points worth doubling the data for",
    )
    patience: int = parameter(
        2,
        [Interval(Integral, 1, None, closed="left")],
        "sizes in a row that must be below tol",
    )
    validation_fraction: float | str = parameter(
        "auto",
        [Interval(Real, 0, 1, closed="neither"), StrOptions({"auto"})],
        "share of the data held out",
    )
    try_wider: bool = parameter(
        False, ["boolean"], "measure what a net twice as wide would add"
    )
    schedule: str | float | Sequence[int] = parameter(
        "geometric",
        [
            StrOptions({"geometric", "all"}),
            Interval(Real, 1, None, closed="neither"),
            "array-like",
        ],
        "sizes at which to measure",
    )
    update_epochs: int = parameter(
        20,
        [Interval(Integral, 1, None, closed="left")],
        "passes over each new batch",
    )
    n_fresh: int = parameter(
        2048,
        [Interval(Integral, 2, None, closed="left")],
        "untrained samples to average over, at most",
    )
    n_candidates: int = parameter(
        4,
        [Interval(Integral, 1, None, closed="left")],
        "next batches over which the eigenvalue formula is averaged",
    )
    eigen_tol: float = parameter(
        1e-3,
        [Interval(Real, 0, 1, closed="neither")],
        "certified relative error of the eigenvalues",
    )
    device: str | None = parameter(None, [str, None], "cpu, cuda, ...")

    @classmethod
    def of(cls, other: Settings) -> Settings:
        """A copy of the settings that an object holds, which later changes leave."""
        return Settings(**{each.name: getattr(other, each.name) for each in PARAMETERS})

    def plain(self) -> dict[str, Any]:
        """By name, with a schedule of any kind as a list."""
        if callable(self.scoring):
            raise ValueError(
                "scoring is a function, which cannot be stored. Pass the name of a "
                "scorer instead, or pickle the estimator."
            )
        schedule = self.schedule
        if not isinstance(schedule, str) and not np.isscalar(schedule):
            schedule = np.asarray(schedule).tolist()
        return {**vars(Settings.of(self)), "schedule": schedule}


PARAMETERS = fields(Settings)


def constraints_of(settings: type[Settings]) -> dict[str, list[Any] | str]:
    """What scikit-learn's validation of parameters reads."""
    return {each.name: each.metadata["constraint"] for each in fields(settings)}


def with_settings(function: Function) -> Function:
    """Show the settings in the signature of a function that takes them by ``**``."""
    signature, kind = inspect.signature(function), inspect.Parameter
    own = [p for p in signature.parameters.values() if p.kind is not kind.VAR_KEYWORD]
    named = [
        kind(p.name, kind.KEYWORD_ONLY, default=p.default, annotation=p.type)
        for p in PARAMETERS
    ]
    in_order = sorted([*named, *own], key=lambda p: p.kind)
    function.__dict__["__signature__"] = signature.replace(parameters=in_order)
    return function
