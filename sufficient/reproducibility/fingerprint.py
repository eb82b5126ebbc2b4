"""Data, parameters and nets as short texts that can be stored and compared."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor, nn

from sufficient._version import __version__

__all__ = ["described", "described_net", "differences", "digest", "versions"]

MAX_DEPTH = 4
MAX_SHOWN = 60
# Device and printed output do not change the net. Callbacks are described apart.
IGNORED_PARAMETERS = {"callbacks", "device", "verbose"}


def described(value: object, depth: int = 0) -> str:
    """A text that is the same for equal values, in every process.

    Classes and functions are described by their names, other objects by their
    attributes, arrays and modules by a checksum.

    Parameters
    ----------
    value : object
        A parameter.
    depth : int, default=0
        Level of nesting; attributes below level 4 are left out.

    Returns
    -------
    str

    Examples
    --------
    >>> described({"lr": 0.5, "sizes": [64, 32], "loss": described})
    'dict(loss: described, lr: 0.5, sizes: (64, 32))'
    """
    if value is None or isinstance(value, (bool, str, bytes)):
        return repr(value)
    if isinstance(value, np.generic):
        return described(value.item(), depth)
    if isinstance(value, Real):
        return _number(float(value))
    if isinstance(value, (list, tuple, range)):
        return f"({', '.join(described(item, depth + 1) for item in value)})"
    if isinstance(value, (set, frozenset)):
        return f"set({', '.join(sorted(described(item, depth + 1) for item in value))})"
    if isinstance(value, partial):
        return described((value.func, value.args, value.keywords), depth)
    if inspect.isroutine(value) or inspect.isclass(value):
        return value.__qualname__
    if isinstance(value, (np.ndarray, Tensor)):
        return _array(value, depth)
    return f"{type(value).__name__}({_contents(value, depth)})"


def described_net(net: NeuralNet) -> dict[str, str]:
    """Every parameter of a net as text, under the names of `get_params`."""
    params = {
        name: value
        for name, value in net.get_params().items()
        if name not in IGNORED_PARAMETERS and not name.startswith(("_", "callbacks__"))
    }
    own = net.callbacks or []
    return {
        "": type(net).__name__,
        "callbacks": described(own if isinstance(own, list) else [own]),
        **{name: described(value) for name, value in params.items()},
    }


def digest(*parts: Any) -> str:
    """SHA-256 checksum of arrays, row sources, tensors and texts, in hexadecimal."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            found.update(part.encode())
            continue
        found.update(f"{part.dtype}{tuple(part.shape)}".encode())
        if isinstance(part, Tensor):
            part = part.detach().cpu().reshape(-1).view(torch.uint8).numpy()
        for piece in part.pieces() if hasattr(part, "pieces") else [part]:
            found.update(np.ascontiguousarray(piece).data)
    return found.hexdigest()


def versions() -> dict[str, str]:
    """Versions of the packages on which the last digits of the numbers depend."""
    return {"sufficient": __version__, "torch": torch.__version__}


def differences(theirs: Mapping[str, str], ours: Mapping[str, str]) -> list[str]:
    """Names of the values that differ, with both values if they are short.

    Examples
    --------
    >>> differences({"tol": "0.1", "X": "5"}, {"tol": "0.2", "X": "5"})
    ['tol is 0.1 there and 0.2 here']
    """
    names = [*theirs, *(name for name in ours if name not in theirs)]
    pairs = {name: (theirs.get(name), ours.get(name)) for name in names}
    return [
        _difference(name, *pair) for name, pair in pairs.items() if pair[0] != pair[1]
    ]


def _difference(name, there, here):
    if max(len(str(there)), len(str(here))) > MAX_SHOWN:
        return f"{name} differs"
    return f"{name} is {there} there and {here} here"


def _array(value, depth):
    if isinstance(value, np.ndarray) and value.dtype.kind not in "biuf":
        return described(value.tolist(), depth)
    return f"array {digest(value)[:12]}"


def _number(value):
    return repr(int(value)) if value.is_integer() else repr(value)


def _contents(value, depth):
    if isinstance(value, nn.Module):
        return digest(repr(value), *value.state_dict().values())[:12]
    if depth == MAX_DEPTH:
        return ""
    attributes = value if isinstance(value, Mapping) else _attributes(value)
    named = {str(name): described(item, depth + 1) for name, item in attributes.items()}
    return ", ".join(f"{name}: {named[name]}" for name in sorted(named))


def _attributes(value):
    # In scikit-learn, attributes that end in an underscore are results of training.
    known = getattr(value, "__dict__", {})
    return {name: item for name, item in known.items() if not name.endswith("_")}
