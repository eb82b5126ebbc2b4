"""Checkpoints: an interrupted fit goes on from the last measured size."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping
from typing import Any, Protocol

from sufficient.ranks import from_first_rank, ranks
from sufficient.reproducibility.fingerprint import differences
from sufficient.results import Record
from sufficient.storage.folder import StateFolder, explain_damage

__all__ = ["Checkpoint"]

KIND = "checkpoint 4"
LOGGER = logging.getLogger(__name__)


class Storable(Protocol):
    """A run that can be stored in a checkpoint."""

    seed: int
    record: Record

    def state(self) -> dict[str, Any]:
        """Everything the run needs to go on, as plain values and tensors."""

    def resume(self, state: dict[str, Any], /) -> None:
        """Go on from such a state."""


class Checkpoint:
    """The states of a fit in a folder.

    If there are several ranks, only rank 0 reads and writes.

    Parameters
    ----------
    path : str or path-like
        The folder; created if it does not exist.

    Attributes
    ----------
    found : dict or None
        State of an earlier run in this folder; None if there is none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.folder = StateFolder(path)
        self.found = from_first_rank(lambda: self.folder.make().newest())
        self.identity: dict[str, Any] = {}
        with explain_damage(path):
            if self.found is not None and self.found["kind"] != KIND:
                raise ValueError(_other_kind(os.fspath(path), self.found["kind"]))

    @property
    def seed(self) -> int | None:
        """Seed of the earlier run; None if there is none."""
        with explain_damage(self.folder.path):
            return None if self.found is None else int(self.found["seed"])

    def resume(self, run: Storable, fingerprint: Mapping[str, str]) -> None:
        """Bring a run to the stored state, if there is one.

        Parameters
        ----------
        run : Storable
            A run that has not begun.
        fingerprint : mapping of str to str
            Data and parameters as text.

        Raises
        ------
        ValueError
            If the stored run has other data or parameters; the message names them.
        """
        self.identity = {"kind": KIND, "seed": run.seed, "fingerprint": {**fingerprint}}
        if self.found is None:
            return
        with explain_damage(self.folder.path):
            self._check_same(self.found["fingerprint"], fingerprint)
            run.resume(self.found["run"])
        self.found = None
        LOGGER.info(
            "Goes on from %d batches in %s", run.record.last_count, self.folder.path
        )

    def keep(self, run: Storable) -> None:
        """Write the state of the run; if that fails, warn and let the fit go on."""
        if not ranks().is_first:
            return
        try:
            self.folder.write({**self.identity, "run": run.state()})
            LOGGER.debug(
                "Kept %d batches in %s", run.record.last_count, self.folder.path
            )
        except OSError as error:
            warnings.warn(
                f"The checkpoint at {run.record.last_count} batches could not be "
                f"written to {self.folder.path} ({error.strerror or error}). The fit "
                "goes on, and the checkpoint before it is kept.",
                stacklevel=2,
            )

    def _check_same(self, kept, fingerprint):
        found = differences(kept, fingerprint)
        if found:
            raise ValueError(
                f"checkpoint={os.fspath(self.folder.path)!r} is of another fit: "
                f"{'; '.join(found)}. Use the same data and parameters to go on with "
                "it, or another folder to start a new fit."
            )


def _other_kind(path, kind):
    if str(kind).startswith("checkpoint"):
        return (
            f"checkpoint={path!r} was written by an earlier version of this library, "
            "which measured other things. Delete the folder to start anew, or choose "
            "another."
        )
    return (
        f"checkpoint={path!r} holds something else: {kind!r} is not {KIND!r}. Choose "
        "another folder."
    )
