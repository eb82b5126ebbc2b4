"""A fresh net at every measured size, trained until more steps do not help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from skorch import NeuralNet
from skorch.callbacks import GradientNormClipping

from sufficient.data.samples import Samples
from sufficient.reproducibility.seeds import seeded
from sufficient.training.judge import Judge
from sufficient.training.optimum import OptimumSearch
from sufficient.training.strategy import Training, seed_at

__all__ = ["ConvergedTraining"]


class ConvergedTraining(Training):
    """A fresh net at every measured size, trained until held-out samples see no gain.

    A net with callbacks of its own, such as a learning-rate schedule, is trained as
    they say instead: for its own `max_epochs`.
    """

    # A doubling is two sizes: their nets are independent, and each costs a training.
    size_ratio = 2**0.5
    first_size = 64
    known_of_net = (*Training.known_of_net, "_size")
    _size: tuple[int, int] | None = None
    _search: OptimumSearch | None = None

    def net_at(self, seen: Samples, held_out: Samples, k: int) -> NeuralNet:
        """A fresh net at its optimum on the samples seen."""
        if self._size != (k, len(seen)):
            self._train_afresh(seen, held_out, k)
        return self.net

    def train_ahead(self, seen: Samples, held_out: Samples, k: int) -> None:
        """Train the net that will be asked for next."""
        self.net_at(seen, held_out, k)

    @contextmanager
    def twice_as_long(
        self, seen: Samples, held_out: Samples, k: int
    ) -> Iterator[NeuralNet]:
        """The best of twice the steps, from the same start."""
        if _trains_by_itself(self.template):
            n_steps, epochs = self.n_steps, 2 * self.template.max_epochs
            net = self._trained_from_scratch(seen, k, epochs)
            self.n_steps = n_steps
            yield net
            return
        if self._search is None:
            self._train_afresh(seen, held_out, k)
        assert self._search is not None
        with (
            seeded(seed_at(self.seed, k + 1), self.net.device),
            self._search.run_twice_as_long() as net,
        ):
            yield net

    def _train_afresh(self, seen, held_out, k):
        self._size = self._search = None
        if _trains_by_itself(self.template):
            net = self._trained_from_scratch(seen, k)
        else:
            net = self._at_optimum(seen, held_out, k)
        self.net, self._size = net, (k, len(seen))

    def _at_optimum(self, seen, held_out, k):
        net, seed = self.fresh_net(), seed_at(self.seed, k)
        judge = Judge(held_out, self.settings.scoring)
        search = OptimumSearch(net, seen, judge, np.random.default_rng(seed))
        with seeded(seed, net.device):
            progress = search.run()
        self.n_steps, self.is_capped = progress.steps, progress.is_capped
        self.temperature = progress.temperature
        self._search = search
        return net

    def __getstate__(self):
        # A copy is for going on with the net; its search can be made again.
        return {**vars(self), "_search": None}


def _trains_by_itself(net: NeuralNet) -> bool:
    """Whether callbacks of the user's may decide how the net is trained."""
    own = [] if net.callbacks in (None, "disable") else net.callbacks
    callbacks = [one[1] if isinstance(one, tuple) else one for one in own]
    return not all(isinstance(one, GradientNormClipping) for one in callbacks)
