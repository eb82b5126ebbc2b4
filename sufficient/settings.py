"""Every parameter of a fit, once: its default, what it may be, and what it means."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple, TypeVar

__all__ = [
    "BOUNDS",
    "NETS",
    "PARAMETERS",
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
# Networks of the library's own, by name.
NETS = ("mlp", "cnn")
TRAININGS = ("converged", "update", "restart", "full")
STOPS = ("answer", "landscape", "never")
# Delta depends on the size of the batch that arrives. It is always that of the papers,
# so that the answer in samples does not depend on `batch_size`.
REFERENCE_BATCH = 64

Function = TypeVar("Function", bound=Callable[..., Any])


class Range(NamedTuple):
    """Numbers of a kind between two ends."""

    kind: type
    low: float | None
    high: float | None = None
    closed: Literal["left", "right", "both", "neither"] = "neither"


class OneOf(NamedTuple):
    """Words to choose from."""

    words: tuple[str, ...]


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
        [Range(Real, 0, closed="neither")],
        "change of the loss that counts as none",
    )
    batch_size: int | str = parameter(
        "auto",
        [Range(Integral, 1, closed="left"), OneOf(("auto",))],
        "samples added at a time",
    )
    n_directions: int = parameter(
        10,
        [Range(Integral, 1, closed="left")],
        "leading eigenvectors to look along",
    )
    sigma: float | str = parameter(
        1.0,
        [Range(Real, 0, closed="neither"), OneOf(("auto",))],
        "how far the weights are moved",
    )
    bound: str = parameter(
        "projected", [OneOf(tuple(BOUNDS))], "curve that has to meet tol"
    )
    n_monte_carlo: int = parameter(
        64,
        [Range(Integral, 2, closed="left")],
        "random displacements of the weights",
    )
    training: str = parameter(
        "converged", [OneOf(tuple(TRAININGS))], "how the net follows the data"
    )
    stop: str = parameter(
        "answer", [OneOf(tuple(STOPS))], "when to stop growing the training set"
    )
    refit: bool = parameter(
        True, ["boolean"], "train and measure on all the data after stopping early"
    )
    scoring: str | Callable[..., Any] | None = parameter(
        None,
        [str, callable, None],
        "name of a scikit-learn scorer; accuracy or R2 by default",
    )
    parameters: str | Sequence[str] | None = parameter(
        None,
        [str, "array-like", None],
        "patterns of the names of the weights to train; all by default",
    )
    min_gain: float = parameter(
        0.01,
        [Range(Real, 0, closed="left")],
        "score points worth doubling the data for",
    )
    try_wider: bool = parameter(
        False, ["boolean"], "measure what a net twice as wide would add"
    )
    patience: int = parameter(
        2,
        [Range(Integral, 1, closed="left")],
        "sizes in a row that must be below tol",
    )
    validation_fraction: float | str = parameter(
        "auto",
        [Range(Real, 0, 1, closed="neither"), OneOf(("auto",))],
        "share of the data held out",
    )
    schedule: str | float | Sequence[int] = parameter(
        "geometric",
        [
            OneOf(
                (
                    "geometric",
                    "all",
                )
            ),
            Range(Real, 1, closed="neither"),
            "array-like",
        ],
        "sizes at which to measure",
    )
    update_epochs: int = parameter(
        20,
        [Range(Integral, 1, closed="left")],
        "passes over each new batch",
    )
    n_fresh: int = parameter(
        2048,
        [Range(Integral, 2, closed="left")],
        "untrained samples to average over, at most",
    )
    n_candidates: int = parameter(
        4,
        [Range(Integral, 1, closed="left")],
        "next batches over which the eigenvalue formula is averaged",
    )
    eigen_tol: float = parameter(
        1e-3,
        [Range(Real, 0, 1, closed="neither")],
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
        if not isinstance(schedule, (str, int, float)):
            schedule = [int(count) for count in schedule]
        names = self.parameters
        names = names if names is None or isinstance(names, str) else list(names)
        return {**vars(Settings.of(self)), "schedule": schedule, "parameters": names}


PARAMETERS = fields(Settings)


def constraints_of(settings: type[Settings]) -> dict[str, Any]:
    """What scikit-learn's validation of parameters reads."""
    given = {each.name: each.metadata["constraint"] for each in fields(settings)}
    return {
        name: each if isinstance(each, str) else [_for_sklearn(one) for one in each]
        for name, each in given.items()
    }


def _for_sklearn(constraint: Any) -> Any:
    from sklearn.utils._param_validation import Interval, StrOptions

    if isinstance(constraint, Range):
        kind, low, high, closed = constraint
        return Interval(kind, low, high, closed=closed)
    if isinstance(constraint, OneOf):
        return StrOptions(set(constraint.words))
    return constraint


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
