"""A fit that can be killed at any moment and go on from the last measured size."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any, Protocol

from sufficient.ranks import first_rank_says, ranks
from sufficient.reproducibility.fingerprint import differences
from sufficient.results import Record
from sufficient.storage.folder import StateFolder, explain_damage

__all__ = ["Checkpoint"]

KIND = "checkpoint 1"


class Storable(Protocol):
    """What a checkpoint needs of a run."""

    seed: int
    record: Record

    def state(self) -> dict[str, Any]:
        """What it needs to go on, in plain values and tensors."""

    def resume(self, state: dict[str, Any], /) -> None:
        """Go on from such a state."""


class Checkpoint:
    """What a fit keeps in a folder, and what it finds there.

    Of several ranks the first one reads and writes.

    Parameters
    ----------
    path : str or path-like
        The folder; made if it is not there.

    Attributes
    ----------
    found : dict or None
        State of a run that was begun before.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.folder = StateFolder(path)
        self.found = first_rank_says(lambda: self.folder.make().newest())
        self.identity: dict[str, Any] = {}
        with explain_damage(path):
            if self.found is not None and self.found["kind"] != KIND:
                raise ValueError(
                    f"checkpoint={os.fspath(path)!r} holds something else: "
                    f"{self.found['kind']!r} is not {KIND!r}. Name another folder."
                )

    @property
    def seed(self) -> int | None:
        """Seed of the run that was begun before."""
        with explain_damage(self.folder.path):
            return None if self.found is None else int(self.found["seed"])

    def resume(self, run: Storable, fingerprint: Mapping[str, str]) -> None:
        """Put the run where the kept one was, if it is the same run.

        Parameters
        ----------
        run : Storable
            Not begun yet.
        fingerprint : mapping of str to str
            Data and parameters in print.

        Raises
        ------
        ValueError
            If the kept run has other data or parameters; the message names them.
        """
        self.identity = {"kind": KIND, "seed": run.seed, "fingerprint": {**fingerprint}}
        if self.found is None:
            return
        with explain_damage(self.folder.path):
            self._check_same(self.found["fingerprint"], fingerprint)
            run.resume(self.found["run"])
        self.found = None

    def keep(self, run: Storable) -> None:
        """Write the state of the run; where that fails, warn and let the fit go on."""
        if not ranks().is_first:
            return
        try:
            self.folder.write({**self.identity, "run": run.state()})
        except OSError as error:
            warnings.warn(
                f"The checkpoint at {run.record.last_count} batches could not be "
                f"written to {self.folder.path} ({error.strerror or error}). The fit "
                "goes on; the checkpoint before it is still there.",
                stacklevel=2,
            )

    def _check_same(self, kept, fingerprint):
        found = differences(kept, fingerprint)
        if found:
            raise ValueError(
                f"checkpoint={os.fspath(self.folder.path)!r} is of another fit: "
                f"{'; '.join(found)}. Use the same data and parameters to go on, or "
                "another folder to start anew."
            )
