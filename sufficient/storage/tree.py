"""Convert nested values, arrays and tensors to JSON and named tensors, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["packed", "unpacked"]

ARRAY_KINDS = "biufUO"
# Of an array; larger ones are stored as tensors.
MOST_BYTES = 2**28


def packed(value: Any) -> tuple[Any, dict[str, Tensor]]:
    """Split nested values into a part that JSON can hold and the tensors in it.

    Parameters
    ----------
    value : None, bool, number, str, list, tuple, dict, ndarray or Tensor
        Lists, tuples and dicts may be nested to any depth.

    Returns
    -------
    plain : None, bool, number, str, list or dict
        Ready for JSON; infinity and NaN are encoded as text.
    tensors : dict of str to Tensor
        Copies on the CPU; the keys are paths in the nested values.

    Raises
    ------
    ValueError
        If `value` contains any other type; the message names it.

    Examples
    --------
    >>> import torch
    >>> plain, tensors = packed({"lr": 0.1, "betas": (0.9, 0.99), "w": torch.ones(2)})
    >>> plain
    {'lr': 0.1, 'betas': {'$tuple': [0.9, 0.99]}, 'w': {'$tensor': 'w'}}
    >>> unpacked(plain, tensors)
    {'lr': 0.1, 'betas': (0.9, 0.99), 'w': tensor([1., 1.])}
    """
    tensors: dict[str, Tensor] = {}
    return _pack(value, "", tensors), tensors


def unpacked(plain: Any, tensors: dict[str, Tensor]) -> Any:
    """The nested values that `packed` has split."""
    if isinstance(plain, list):
        return [unpacked(item, tensors) for item in plain]
    if not isinstance(plain, dict):
        return plain
    mark = next(iter(plain), "")
    if mark.startswith("$"):
        return _UNPACK[mark](plain, tensors)
    return {key: unpacked(item, tensors) for key, item in plain.items()}


def _pack(value, place, tensors):
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return _pack_float(float(value))
    if isinstance(value, np.generic):
        return _pack(value.item(), place, tensors)
    if isinstance(value, np.ndarray):
        return _pack_array(value)
    if isinstance(value, Tensor):
        return _pack_tensor(value, place, tensors)
    if isinstance(value, dict):
        return _pack_dict(value, place, tensors)
    if isinstance(value, (list, tuple)):
        items = [_pack(item, f"{place}/{i}", tensors) for i, item in enumerate(value)]
        return {"$tuple": items} if isinstance(value, tuple) else items
    raise ValueError(
        f"{place or 'The state'} is a {type(value).__name__}, which cannot be stored. "
        "Only numbers, text, arrays and tensors can."
    )


def _pack_float(value):
    return value if math.isfinite(value) else {"$float": str(value)}


def _pack_array(array):
    if array.dtype.kind not in ARRAY_KINDS:
        raise ValueError(f"An array of {array.dtype} cannot be stored.")
    values = [_pack(value, "", {}) for value in array.reshape(-1).tolist()]
    return {"$array": values, "dtype": array.dtype.str, "shape": list(array.shape)}


def _pack_tensor(tensor, place, tensors):
    while place in tensors:
        place += "'"
    # Copies, because safetensors refuses tensors that share memory.
    tensors[place] = tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
    return {"$tensor": place}


def _pack_dict(value, place, tensors):
    items = {
        key: _pack(item, f"{place}/{key}" if place else str(key), tensors)
        for key, item in value.items()
    }
    if all(isinstance(key, str) and not key.startswith("$") for key in items):
        return items
    return {"$dict": [[_pack(key, place, {}), item] for key, item in items.items()]}


def _unpack_array(plain, tensors):
    dtype = np.dtype(str(plain["dtype"]))
    if dtype.kind not in ARRAY_KINDS or dtype.fields is not None:
        raise ValueError(f"An array of {dtype} cannot be part of a stored state.")
    values = unpacked(plain["$array"], tensors)
    # A short file could ask for texts that are longer than the memory.
    if (n_bytes := dtype.itemsize * max(len(values), 1)) > MOST_BYTES:
        raise ValueError(f"An array of {dtype} would take {n_bytes:,} bytes.")
    return np.array(values, dtype).reshape(plain["shape"])


def _unpack_dict(plain, tensors):
    return dict(unpacked(plain["$dict"], tensors))


_UNPACK = {
    "$array": _unpack_array,
    "$dict": _unpack_dict,
    "$float": lambda plain, tensors: float(plain["$float"]),
    "$tensor": lambda plain, tensors: tensors[plain["$tensor"]],
    "$tuple": lambda plain, tensors: tuple(unpacked(plain["$tuple"], tensors)),
}
