"""The parts of the study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sufficient.decision.learning_curve import PRIOR

from .assurance import asked_for
from .curves import Curve, read_curves
from .judging import judged
from .learning import FIRST_GUESS, Lesson, learn, mean_score
from .policies import policies
from .rounds import buyers_of, replayed
from .split import part_of
from .users import NETS, State, simulate

__all__ = ["FULL", "PARTS", "SMALL", "Study"]

# What is left out of the model, by hyperparameters that switch it off.
LEFT_OUT: dict[str, dict[str, float]] = {
    "nothing": {},
    "gap to the training score": {"gap_share": 0, "gap_spread": 20},
    "plateau": {"late": -40},
    "tempering": {"trust": 20},
    "lasting share": {"lasting": -60},
    "early growth": {"early": 0},
}


# Held-out samples of those who buy in rounds; None is about 1,000.
HELD_OUT = (None, 10_000)


@dataclass(frozen=True)
class Scale:
    """The size of the study: users of each net and table, steps, and states of each."""

    per_net: int
    steps: int
    size: int


FULL, SMALL = Scale(4, 120, 96), Scale(1, 4, 8)


@dataclass(frozen=True)
class Study:
    """The files with the learning curves, and the size of the study."""

    paths: Sequence[Path]
    scale: Scale

    def curves(self, *parts: str) -> list[Curve]:
        """The learning curves of the tables of some parts."""
        return [c for c in read_curves(self.paths) if part_of(c.table) in parts]

    def states(self, *parts: str, share_few: float, seed: int) -> list[State]:
        """Simulated users of the tables of some parts."""
        return simulate(self.curves(*parts), self.scale.per_net, share_few, seed)

    def lessons(self) -> dict[str, Lesson]:
        """What is learnt from, and scored on."""
        parts = ("learn", "validate")
        return {p: Lesson.of(self.states(p, share_few=0.25, seed=0)) for p in parts}

    def learn(self, lesson: Lesson, fixed: dict[str, float]) -> dict[str, float]:
        """Hyperparameters learnt with some given."""
        return learn(lesson, self.scale.steps, self.scale.size, fixed)


def learnt(study: Study) -> dict:
    """Hyperparameters as guessed, learnt here and shipped, with their log scores."""
    lessons = study.lessons()
    shipped = {name: asdict(PRIOR)[name] for name in FIRST_GUESS}
    here = study.learn(lessons["learn"], {})
    found = {"first guess": FIRST_GUESS, "learnt here": here, "shipped": shipped}
    return {name: {**prior, **_scores(lessons, prior)} for name, prior in found.items()}


def ablations(study: Study) -> list[dict]:
    """Log scores of models that lack a part, learnt anew."""
    lessons = study.lessons()
    return [
        {"left out": name, **_scores(lessons, study.learn(lessons["learn"], fixed))}
        for name, fixed in LEFT_OUT.items()
    ]


def threshold(study: Study) -> list[dict]:
    """Forecasts on the tables for learning and validation, to choose a threshold."""
    states = study.states("learn", "validate", share_few=0.15, seed=4)
    return [judged(state, with_baselines=False) for state in states]


def judge(study: Study) -> list[dict]:
    """Forecasts on the test tables, beside those of the baselines."""
    states = study.states("test", share_few=0.2, seed=1)
    return [judged(state, with_baselines=True) for state in states]


def assurance(study: Study) -> list[dict]:
    """Sizes that are named for targets, on the test tables."""
    return [
        row
        for curve in study.curves("test")
        if curve.learner in NETS
        for state in simulate([curve], study.scale.per_net, 0, seed=5)
        for row in asked_for(state, curve)
    ]


def rounds(study: Study, *parts: str) -> list[dict]:
    """Where every policy ends that buys labels in rounds."""
    return [
        {"policy": name, "n_held_out": n_held_out, **replayed(buyer, policy)}
        for n_held_out in HELD_OUT
        for curve in study.curves(*parts)
        for buyer in buyers_of(curve, study.scale.per_net, n_held_out, seed=2)
        for name, policy in policies().items()
    ]


def rounds_chosen(study: Study) -> list[dict]:
    """The same on the tables for learning and validation, to choose a margin."""
    return rounds(study, "learn", "validate")


def rounds_judged(study: Study) -> list[dict]:
    """The same on the test tables."""
    return rounds(study, "test")


PARTS = {
    "learn": learnt,
    "ablations": ablations,
    "threshold": threshold,
    "judge": judge,
    "assurance": assurance,
    "rounds chosen": rounds_chosen,
    "rounds": rounds_judged,
}


def _scores(lessons, prior):
    return {f"score: {part}": mean_score(some, prior) for part, some in lessons.items()}
