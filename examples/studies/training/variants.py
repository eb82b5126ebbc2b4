"""Ways of training: those of the library, each with one thing changed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from skorch import NeuralNet

from sufficient.training import optimum
from sufficient.training.converged import ConvergedTraining
from sufficient.training.judge import Judge, Judgement
from sufficient.training.strategies import STRATEGIES
from sufficient.training.strategy import Training

from .pairs import outputs_of, score_of

__all__ = [
    "CHANGES",
    "CONSTANTS",
    "CONVERGED",
    "EARLY",
    "HALVES",
    "REGIMES",
    "STARTS",
    "UPDATE",
    "VARIANTS",
    "Variant",
    "shipped",
]

# Of two weights with the same score, those with the smaller loss.
TIE = 1e-6
SHRINK = 0.5


class ScoreJudge(Judge):
    """Judges by one minus the accuracy; in a regression by the loss."""

    def __call__(self, net: NeuralNet) -> Judgement:
        """One minus the score of the net."""
        loss, _ = found = super().__call__(net)
        y = self.samples.y
        if y.is_floating_point():
            return found
        score = score_of(outputs_of(net, self.samples.X), y)
        return Judgement(1 - score + TIE * loss, 1.0)

    def of_constant(self, net: NeuralNet) -> float:
        """The same of the best constant answer."""
        y = self.samples.y
        if y.is_floating_point():
            return super().of_constant(net)
        return 1 - float(torch.bincount(y).max()) / len(y)


class WarmStart(ConvergedTraining):
    """Each training starts from the weights kept at the size before."""

    def fresh_net(self) -> NeuralNet:
        """An untrained net with other weights, if there was a net before."""
        net, before = super().fresh_net(), vars(self).get("net")
        if before is not None:
            with torch.no_grad():
                self.start(net.module_, before.module_)
        return net

    def start(self, module: torch.nn.Module, before: torch.nn.Module) -> None:
        """Change the initial weights."""
        module.load_state_dict(before.state_dict())


class ShrinkAndPerturb(WarmStart):
    """Each starts from half the kept weights plus half the initial ones."""

    def start(self, module: torch.nn.Module, before: torch.nn.Module) -> None:
        """Change the initial weights."""
        for weights, old in zip(module.parameters(), before.parameters(), strict=True):
            weights.lerp_(old, SHRINK)


@dataclass(frozen=True)
class Variant:
    """One way of training.

    Attributes
    ----------
    kind : type of Training
        How the net follows the growing set.
    constants : dict of str to float
        Those of `sufficient.training.optimum` that are changed.
    scoring : str or None
        The score asked for, on which the library's judge depends.
    judge : type of Judge
        What is to be small on the held-out samples.
    held_out : tuple of float
        Where the judge's samples begin and end in the held-out part, as shares of it.
    """

    kind: type[Training] = ConvergedTraining
    constants: dict[str, float] = field(default_factory=dict)
    scoring: str | None = None
    judge: type[Judge] = Judge
    held_out: tuple[float, float] = (0.0, 1.0)


def _fixed(steps: int) -> Variant:
    # Nothing is looked at before the end, so what is there at the end is kept.
    return Variant(
        constants={"FIRST_LOOK": steps, "MOST_STEPS": steps, "MOST_EPOCHS": 0}
    )


# An average that reaches back over no steps: the weights themselves.
RAW = {"REACH": 1e18}
PLAIN = "neg_log_loss"
CONVERGED = "**converged**: averaged weights, calibrated loss"
EARLY = "raw weights, plain loss (early stopping)"
UPDATE = "update: 20 epochs of each new batch, one net"
HALF, SCORE = "converged, half of the held-out part", "averaged weights, score"
FIRST, SECOND = (0.0, 0.5), (0.5, 1.0)

REGIMES = {
    CONVERGED: Variant(),
    HALF: Variant(held_out=FIRST),
    "converged, a fifth": Variant(held_out=(0.0, 0.2)),
    "averaged weights, plain loss": Variant(scoring=PLAIN),
    SCORE: Variant(judge=ScoreJudge),
    EARLY: Variant(constants=RAW, scoring=PLAIN),
    "raw weights, score": Variant(constants=RAW, judge=ScoreJudge),
    "raw weights, calibrated loss": Variant(constants=RAW),
    "1,024 steps, averaged": _fixed(1_024),
    "4,096 steps, averaged": _fixed(4_096),
    "16,384 steps, averaged": _fixed(16_384),
    "20 epochs": Variant(STRATEGIES["restart"]),
    UPDATE: Variant(STRATEGIES["update"]),
}
STARTS = {
    CONVERGED: Variant(),
    "warm": Variant(WarmStart),
    "shrink and perturb": Variant(ShrinkAndPerturb),
}
# By what chooses: the variants judged by all, the first and the second half.
HALVES = {
    "calibrated loss": (CONVERGED, HALF, f"{HALF}, the other"),
    "score": (SCORE, f"{SCORE}, half", f"{SCORE}, the other half"),
}
# What it is, its name in the library, and the values to compare with.
CONSTANTS = {
    "tail of the average, c": ("REACH", (2, 4, 16, 32)),
    "first look, steps": ("FIRST_LOOK", (16, 64, 128, 256)),
    "patience, times the steps": ("PATIENCE", (math.sqrt(2), 4)),
    "tolerance, of the loss": ("LEAST_IMPROVEMENT", (0, 0.01, 0.02)),
    "tolerance, of a constant's loss": ("LEAST_OF_CONSTANT", (0, 0.005)),
    "least steps": ("LEAST_STEPS", (256, 1_024)),
}
CHANGES = {
    f"{title}: {value:,.4g}": Variant(constants={name: value})
    for title, (name, values) in CONSTANTS.items()
    for value in values
}
VARIANTS = {
    **REGIMES,
    **STARTS,
    **CHANGES,
    HALVES["calibrated loss"][2]: Variant(held_out=SECOND),
    HALVES["score"][1]: Variant(judge=ScoreJudge, held_out=FIRST),
    HALVES["score"][2]: Variant(judge=ScoreJudge, held_out=SECOND),
}


def shipped(title: str) -> float:
    """The value that a constant has in the library."""
    return getattr(optimum, CONSTANTS[title][0])
