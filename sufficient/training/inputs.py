"""What a module takes, floats or whole numbers, and what it returns for a sample."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from skorch import NeuralNet
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from sufficient.data.dtypes import FLOAT, WHOLE, is_whole
from sufficient.data.stream import as_rows
from sufficient.fields import Fields, as_given
from sufficient.reproducibility.seeds import seeded
from sufficient.typing import Rows

__all__ = [
    "FAILURES",
    "example_of",
    "input_dtype",
    "lacks_axis",
    "materialise",
    "refusal",
    "unknown_ids_named",
]

# What a module may raise that cannot take what it is given.
FAILURES = (RuntimeError, ValueError, IndexError, TypeError)
N_TRIED = 2


def input_dtype(template: NeuralNet, X: Any) -> np.dtype:
    """The dtype of samples that are given as integers: float32 where the net takes it.

    Parameters
    ----------
    template : NeuralNet
        Prepared, not initialised.
    X : ndarray, RowSource or Fields
        Samples, of which the first two are tried.

    Returns
    -------
    dtype
        int64 where X holds integers and the module refuses floats, as an embedding of
        tokens does. float32 otherwise.
    """
    if not is_whole(X):
        return FLOAT
    with seeded(0, template.device):
        net = clone(template).initialize()
    for dtype in (FLOAT, WHOLE):
        if _takes(net, example_of(X, dtype)):
            return dtype
    # It takes neither; then the message shall be about what was meant.
    looks_up = any(
        isinstance(part, (nn.Embedding, nn.EmbeddingBag))
        for part in net.module_.modules()
    )
    return WHOLE if looks_up else FLOAT


def materialise(net: NeuralNet, example: Rows) -> None:
    """Let lazy layers learn their sizes from a sample."""
    if any(map(is_lazy, net.module_.parameters())):
        net.module_.eval()
        try:
            with torch.no_grad():
                net.infer(as_given(example))
        except FAILURES as error:
            raise ValueError(refusal(net, example, error)) from error


def example_of(X: Any, dtype: np.dtype) -> Rows:
    """The first two samples, as tensors."""
    few = X[:N_TRIED]
    return as_rows(few if isinstance(few, Fields) else np.asarray(few).astype(dtype))


def lacks_axis(net: NeuralNet, example: Rows) -> bool:
    """Whether the module returns one number for each sample, of shape (n,)."""
    output = _output(net, example)
    return isinstance(output, Tensor) and tuple(output.shape) == (len(example),)


def refusal(net: NeuralNet, X: Rows, error: Exception) -> str:
    """The message that the module cannot take these samples."""
    what = str(error).splitlines()[0]
    return f"The module cannot take {_shown(X)}: {what}.{_hint(net, error)}"


@contextmanager
def unknown_ids_named(net: NeuralNet, X: Any) -> Iterator[None]:
    """Raise ValueError in place of torch's IndexError for ids beyond an embedding."""
    try:
        yield
    except IndexError as error:
        raise ValueError(refusal(net, X, error)) from error


def _takes(net, X):
    return _output(net, X) is not None


def _output(net, X):
    """None where the module fails, which is told when it is checked."""
    net.module_.eval()
    try:
        with torch.no_grad():
            return net.infer(as_given(X))
    except FAILURES:
        return None


def _shown(X):
    if isinstance(X, Fields):
        return f"the inputs {X}"
    return f"X of shape (n, {', '.join(map(str, X.shape[1:]))})"


def _hint(net, error):
    if isinstance(error, IndexError) and "out of range" in str(error):
        return (
            " Every number of X has to be 0 or more and below num_embeddings of the "
            "module's embedding."
        )
    if not any(isinstance(m, nn.Conv2d) for m in net.module_.modules()):
        return ""
    return (
        " An image module needs X of shape (n, channels, height, width), or flat rows "
        "that it unflattens itself."
    )
