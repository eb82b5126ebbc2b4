"""The same net with twice the width, to see whether the net limits the score."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from sklearn.base import clone
from skorch import NeuralNet

__all__ = ["WIDTHS", "wider"]

# Parameters of a module that are widths of hidden layers.
WIDTHS = (
    "hidden_sizes",
    "hidden_size",
    "channels",
    "hidden_dim",
    "hidden_channels",
    "n_hidden",
    "num_hidden",
    "width",
)


def wider(net: NeuralNet) -> NeuralNet:
    """A clone with every width of the module's hidden layers doubled.

    Parameters
    ----------
    net : NeuralNet
        Prepared, not initialised.

    Returns
    -------
    NeuralNet

    Raises
    ------
    ValueError
        If the module has no parameter that is known to be a width.
    """
    given, found = net.get_params(), {}
    for name, default in _parameters_of(net.module).items():
        key = f"module__{name}"
        value = given.get(key, default)
        if name in WIDTHS and value not in (None, inspect.Parameter.empty, ()):
            found[key] = _doubled(value)
    if not found:
        raise ValueError(
            "try_wider=True doubles the widths of the hidden layers, and "
            f"{_name_of(net.module)} takes none of {', '.join(WIDTHS)}. Leave it out, "
            "and compare two nets with compare_architectures."
        )
    return clone(net).set_params(**found)


def _parameters_of(module: Any) -> dict[str, Any]:
    if not callable(module) or not inspect.isclass(module):
        return {}
    parameters = inspect.signature(module).parameters.values()
    return {each.name: each.default for each in parameters}


def _doubled(value: Any) -> Any:
    if isinstance(value, Sequence):
        return type(value)(2 * each for each in value)  # type: ignore[call-arg]
    return 2 * value


def _name_of(module: Any) -> str:
    return getattr(module, "__name__", type(module).__name__)
