"""A folder with the last two states, of which at least one is complete."""

from __future__ import annotations

import hashlib
import json
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.torch

from sufficient.storage.files import read_whole, write_whole
from sufficient.storage.tree import packed, unpacked

__all__ = ["StateFolder", "explain_damage"]

NAME = re.compile(r"state-(\d{6,12})\.json")
# Bytes; a state's numbers and words take far less.
MOST_JSON = 2**26


class EarlierVersionError(ValueError):
    """A state of version 0.1, which did not say how large its tensors are."""


class StateFolder:
    """Numbered states, each a JSON file and a safetensors file.

    A new state never overwrites an old one, so there is always a complete state.
    Checksums show whether a state is complete. The last two states are kept.

    Parameters
    ----------
    path : str or path-like
        The folder; other files in it are not touched.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._number = self._seen = max(self._numbers(), default=0)

    def make(self) -> StateFolder:
        """Create the folder if needed, and check that it is writable."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(
                f"The folder {self.path} cannot be created ({error.strerror}). Choose "
                "another folder."
            ) from error
        if not os.access(self.path, os.W_OK):
            raise ValueError(
                f"The folder {self.path} is not writable. Choose another folder."
            )
        return self

    def newest(self) -> dict[str, Any] | None:
        """The newest complete state, or None if no state was ever written.

        Returns
        -------
        dict or None

        Raises
        ------
        ValueError
            If there are states, and all are damaged, or are of version 0.1.

        Warns
        -----
        UserWarning
            If the newest state is damaged, so that the one before it is used.
        """
        damage = []
        for number in sorted(self._numbers(), reverse=True):
            try:
                state = self._read(number)
            except EarlierVersionError:
                raise
            except Exception as error:  # A damaged file can raise anything.
                damage.append(f"{self._json(number)} is damaged ({error})")
                continue
            self._number = number
            if damage:
                warnings.warn(
                    f"{'; '.join(damage)}. The state before it is used.", stacklevel=2
                )
            return state
        if damage:
            raise ValueError(
                f"{'; '.join(damage)}, and there is no other. Delete {self.path} to "
                "start anew."
            )
        return None

    def write(self, state: dict[str, Any]) -> None:
        """Write a new state; if an OSError is raised, the older states are intact.

        Parameters
        ----------
        state : dict
            Values that `packed` accepts.
        """
        if max(self._numbers(), default=0) != self._seen:
            raise ValueError(
                f"Another fit writes to {self.path} at the same time. Give every fit "
                "its own folder."
            )
        plain, tensors = packed(state)
        blob, number = safetensors.torch.save(tensors), self._number + 1
        head = {"tensors": _digest(blob), "n_bytes": len(blob)}
        body = _dumped({**head, "state": plain})
        text = f'{{"checksum": "{_digest(body)}", {body.decode()[1:]}'
        write_whole(self._tensors(number), blob)
        write_whole(self._json(number), text.encode())
        self._number = self._seen = number
        self._remove_before(number - 1)

    def _read(self, number):
        content = json.loads(read_whole(self._json(number), MOST_JSON))
        if content.pop("checksum") != _digest(_dumped(content)):
            raise ValueError("its checksum is wrong")
        if "n_bytes" not in content:
            raise EarlierVersionError(
                f"{self.path} was written by version 0.1 of this library, which "
                "measured other things. Fit again, with another folder. 'Upgrade from "
                "0.1' in the documentation says how to read samples of a session in it."
            )
        blob = read_whole(self._tensors(number), content["n_bytes"])
        if content["tensors"] != _digest(blob):
            raise ValueError(f"the checksum of {self._tensors(number).name} is wrong")
        return unpacked(content["state"], safetensors.torch.load(blob))

    def _remove_before(self, number):
        for old in (n for n in self._numbers() if n < number):
            # JSON first: a JSON file without its tensors would count as damaged.
            self._json(old).unlink()
            self._tensors(old).unlink(missing_ok=True)

    def _numbers(self):
        found = map(NAME.fullmatch, os.listdir(self.path) if self.path.is_dir() else [])
        return [int(match[1]) for match in found if match]

    def _json(self, number):
        return self.path / f"state-{number:06d}.json"

    def _tensors(self, number):
        return self.path / f"state-{number:06d}.safetensors"


@contextmanager
def explain_damage(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn errors about contents read from `path` into a ValueError that names it."""
    try:
        yield
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(
            f"The contents of {path} do not fit this net, or were not written by this "
            f"version ({type(error).__name__}: {str(error)[:200]})."
        ) from error


def _digest(data):
    return hashlib.sha256(data).hexdigest()


def _dumped(plain):
    return json.dumps(plain, allow_nan=False).encode()
