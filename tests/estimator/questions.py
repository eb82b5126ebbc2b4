"""Random data, nets and parameters, most of them usual and some of them not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from hypothesis import event
from hypothesis import strategies as st
from skorch import NeuralNetClassifier, NeuralNetRegressor
from torch import nn

from sufficient import MLP
from sufficient.nets import default_net

LABELS = {
    "int": lambda codes: codes,
    "negative": lambda codes: 3 - 2 * codes,
    "int8": lambda codes: codes.astype(np.int8),
    "whole floats": lambda codes: codes.astype(float),
    "fractions": lambda codes: codes / 2,
    "bool": lambda codes: codes % 2 == 0,
    "str": lambda codes: np.array([f"class {code}" for code in codes]),
    "object": lambda codes: np.array([f"ß{code}" for code in codes], dtype=object),
    "mixed": lambda codes: np.array([*codes[1:], "last"], dtype=object),
    "list": lambda codes: codes.tolist(),
    "categorical": lambda codes: pd.Series(codes).astype("category"),
    "words": lambda codes: pd.Series([f"c{c}" for c in codes]).astype("category"),
    "string array": lambda codes: pd.Series([f"c{c}" for c in codes], dtype="string"),
    "nullable": lambda codes: pd.Series(codes, dtype="Int64"),
    "column": lambda codes: codes[:, None],
    "rows": lambda codes: np.column_stack([codes % 2, codes // 2 % 2]),
    "missing": lambda codes: [None, *codes[1:]],
    "dates": lambda codes: np.array(codes, dtype="datetime64[D]"),
    "complex": lambda codes: codes * 1j,
}
FEATURES = {
    "plain": lambda X: X,
    "double": lambda X: X.astype(np.float64),
    "half": lambda X: X.astype(np.float16),
    "int": lambda X: (10 * X).astype(int),
    "uint8": lambda X: np.abs(40 * X).astype(np.uint8),
    "bool": lambda X: X > 0,
    "list": lambda X: X.tolist(),
    "frame": lambda X: pd.DataFrame(X).add_prefix("f"),
    "fortran": np.asfortranarray,
    "reversed": lambda X: X[::-1],
    "large": lambda X: X * 1e6,
    "tiny": lambda X: X * 1e-20,
    "huge": lambda X: X * 1e30,
    "constant": np.ones_like,
    "images": lambda X: np.tile(X[:, :1, None, None], (1, 1, 4, 4)),
    "objects": lambda X: X.astype(object),
    "words": lambda X: X.astype(str).astype(object) + "x",
    "hole": lambda X: np.where(np.arange(X.size).reshape(X.shape) == 3, np.nan, X),
    "one feature": lambda X: X[:, 0],
    "no feature": lambda X: X[:, :0],
    "complex": lambda X: X * 1j,
    "too large": lambda X: X.astype(float) * 1e60,
}
NETS = {
    "linear": lambda: default_net("mlp", module__hidden_sizes=()),
    "mlp": lambda: default_net("mlp", module__hidden_sizes=(3,), lr=0.01),
    "no bias": lambda: default_net(
        "mlp", module__hidden_sizes=(2,), module__bias=False, lr=0.1
    ),
    "tanh": lambda: NeuralNetClassifier(Tanh, criterion=nn.CrossEntropyLoss, lr=0.1),
    "fast": lambda: default_net("mlp", module__hidden_sizes=(3,), lr=10.0),
    "several": lambda: NeuralNetClassifier(
        MLP, module__hidden_sizes=(2,), criterion=nn.BCEWithLogitsLoss, lr=0.1
    ),
    "regression": lambda: default_net(
        "mlp", regression=True, module__hidden_sizes=(3,), lr=0.01
    ),
    "huber": lambda: NeuralNetRegressor(
        MLP, module__hidden_sizes=(2,), criterion=nn.HuberLoss, lr=0.1
    ),
    "poisson": lambda: NeuralNetRegressor(
        MLP,
        module__hidden_sizes=(),
        criterion=nn.PoissonNLLLoss,
        predict_nonlinearity=torch.exp,
        lr=0.01,
    ),
}


class Tanh(nn.Sequential):
    """With BatchNorm and Dropout, and no chain of layers that has rules."""

    def __init__(self, n_inputs, n_outputs):
        super().__init__(
            nn.Flatten(),
            nn.Linear(n_inputs, 3),
            nn.BatchNorm1d(3),
            nn.Tanh(),
            nn.Dropout(0.2),
            nn.Linear(3, n_outputs),
        )


def mostly(usual, others):
    """The usual three times out of four."""
    return st.one_of(*[usual] * 3, others)


@st.composite
def data(draw):
    n = draw(mostly(st.integers(20, 60), st.integers(1, 19)))
    n_classes = draw(mostly(st.integers(2, 4), st.sampled_from([1, 9])))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    X = rng.standard_normal((n, draw(st.integers(1, 5)))).astype(np.float32)
    codes = rng.integers(n_classes, size=n) if draw(st.booleans()) else (
        np.arange(n) % n_classes
    )  # fmt: skip
    kind = draw(
        mostly(st.sampled_from(list(LABELS)[:8]), st.sampled_from(list(LABELS)))
    )
    form = draw(mostly(st.just("plain"), st.sampled_from(list(FEATURES))))
    event(f"labels: {kind}")
    event(f"features: {form}")
    with np.errstate(all="ignore"):
        return FEATURES[form](X), LABELS[kind](codes)


PARAMETERS = {
    "tol": mostly(
        st.floats(1e-6, 1e3), st.sampled_from([1e-300, 1e300, 1, 0, -1.0, np.inf])
    ),
    "batch_size": mostly(
        st.one_of(st.just("auto"), st.integers(2, 12)), st.sampled_from([1, 40, 0, 2.5])
    ),
    "n_directions": mostly(st.integers(1, 4), st.sampled_from([40, 0, "2"])),
    "sigma": mostly(
        st.one_of(st.just("auto"), st.floats(0.01, 2)),
        st.sampled_from([1e-30, 1e10, 0, "large"]),
    ),
    "bound": mostly(
        st.sampled_from(["projected", "eigenvalue", "monte_carlo"]), st.just("upper")
    ),
    "n_monte_carlo": mostly(st.integers(2, 6), st.sampled_from([50, 1, 2.0])),
    "training": st.sampled_from(["update", "update", "restart", "full", "converged"]),
    "stop": st.sampled_from(["answer", "landscape", "never", "now"]),
    "refit": st.booleans(),
    "try_wider": st.booleans(),
    "min_gain": mostly(st.floats(0, 1), st.sampled_from([10, -1])),
    "patience": mostly(st.integers(1, 3), st.sampled_from([50, 0])),
    "validation_fraction": mostly(
        st.one_of(st.just("auto"), st.floats(0.1, 0.5)),
        st.sampled_from([1e-9, 0.999, 1.0, 0, "none"]),
    ),
    "schedule": mostly(
        st.one_of(st.just("geometric"), st.floats(1.5, 4), st.just([1, 2, 3])),
        st.sampled_from(
            ["all", (2,), [], [0], [1.5, 2.5], [99], 1, "never", [[1, 2]], ["a"]]
        ),
    ),
    "update_epochs": mostly(st.integers(1, 3), st.just(0)),
    "n_fresh": mostly(st.integers(2, 40), st.sampled_from([2048, 1])),
    "n_candidates": mostly(st.integers(1, 4), st.just(0)),
    "eigen_tol": mostly(st.floats(1e-4, 0.1), st.sampled_from([1e-12, 0.9, 0, 1])),
    "random_state": mostly(st.integers(0, 9), st.sampled_from([None, "seed", -1])),
}


@st.composite
def questions(draw):
    """A net, its parameters (three of them not the default) and data."""
    name = draw(st.sampled_from(list(NETS)))
    event(f"net: {name}")
    net = NETS[name]().set_params(max_epochs=2, batch_size=16, verbose=0)
    names = draw(st.sets(st.sampled_from(list(PARAMETERS)), max_size=4))
    chosen = {key: draw(PARAMETERS[key]) for key in sorted(names)}
    quick = {"n_monte_carlo": 3, "n_directions": 2, "update_epochs": 1,
             "schedule": 1.6, "random_state": 0, "batch_size": 6,
             "training": "update"}  # fmt: skip
    return net, {**quick, **chosen}, *draw(data())
