"""Random tables, tokens, several inputs, sparse rows and labels, with weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from hypothesis import event
from hypothesis import strategies as st
from scipy import sparse
from torch import nn

from sufficient.nets import default_net
from tests.estimator.questions import PARAMETERS, mostly


class OfTokens(nn.Module):
    """Means of embedded tokens."""

    def __init__(self, n_outputs=3):
        super().__init__()
        self.embedding = nn.Embedding(20, 2, padding_idx=0)
        self.last = nn.Linear(2, n_outputs)

    def forward(self, X):
        return self.last(self.embedding(X).mean(1))


class OfTwo(nn.Module):
    """Tokens and numbers."""

    def __init__(self, n_outputs=3):
        super().__init__()
        self.tokens = OfTokens(n_outputs)
        self.numbers = nn.LazyLinear(n_outputs)

    def forward(self, tokens, numbers):
        return self.tokens(tokens) + torch.tanh(self.numbers(numbers))


class Flat(nn.Module):
    """A regressor that returns one number a sample."""

    def __init__(self, n_inputs):
        super().__init__()
        self.last = nn.Linear(n_inputs, 1)

    def forward(self, X):
        return self.last(X)[:, 0]


def column(draw, rng, n):
    """A column of a table, of which some values may be missing."""
    made = {
        "numbers": lambda: rng.standard_normal(n),
        "large": lambda: 1e6 * rng.standard_normal(n),
        "counts": lambda: rng.integers(9, size=n),
        "truth": lambda: rng.random(n) < 0.5,
        "texts": lambda: rng.choice(["red", "green", "ü ß", ""], n).astype(object),
        "words": lambda: np.array([f"word {i}" for i in range(n)], dtype=object),
        "categories": lambda: pd.Categorical(rng.choice([*"abc"], n)),
        "dates": lambda: (
            pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(900, size=n), unit="D")
        ),
        "constant": lambda: np.full(n, 3.5),
        "empty": lambda: np.full(n, np.nan),
    }
    usual = st.sampled_from([*made][:7])
    kind = draw(mostly(usual, st.sampled_from([*made])))
    values = pd.Series(made[kind]())
    if draw(st.booleans()):
        values = values.mask(rng.random(n) < draw(st.sampled_from([0.1, 0.5])))
    return values


def table(draw, rng, n):
    columns = [column(draw, rng, n) for _ in range(draw(st.integers(1, 4)))]
    return pd.DataFrame({f"column {i}": one for i, one in enumerate(columns)})


def numbers(draw, rng, n):
    return rng.standard_normal((n, draw(st.integers(1, 4)))).astype(np.float32)


def tokens(draw, rng, n):
    most = draw(mostly(st.just(20), st.sampled_from([1, 21, 300])))
    dtype = draw(st.sampled_from([np.int64, np.int32, np.uint8, np.uint16]))
    return rng.integers(most, size=(n, draw(st.integers(1, 5)))).astype(dtype)


def two(draw, rng, n):
    other = draw(mostly(st.just(n), st.just(n + 1)))
    return {"tokens": tokens(draw, rng, n), "numbers": numbers(draw, rng, other)}


def sparse_rows(draw, rng, n):
    form = draw(st.sampled_from(["csr", "csc", "lil", "dok"]))
    X = sparse.csr_array(numbers(draw, rng, n) * (rng.random((n, 1)) < 0.7))
    return X.asformat(form)


def codes(draw, rng, n):
    names = draw(st.sampled_from([[0, 1, 2], [*"abc"], [False, True]]))
    return np.array(names)[np.arange(n) % len(names)]


def quantities(draw, rng, n):
    scale = draw(mostly(st.just(1.0), st.sampled_from([0.0, 1e-6, 1e6])))
    y = 1.0 + scale * rng.standard_normal(n)
    return draw(st.sampled_from([y, y[:, None]]))


def labels(draw, rng, n):
    rows = (rng.random((n, draw(st.integers(2, 4)))) < 0.5).astype(int)
    if draw(st.booleans()):
        return pd.DataFrame(rows).add_prefix("label ")
    return rows


SMALL_MLP = {"module__hidden_sizes": (2,), "lr": 0.05}
# How X is made, how y, and of which net.
KINDS = {
    "table": (table, codes, lambda: default_net("mlp", **SMALL_MLP)),
    "table of a quantity": (
        table,
        quantities,
        lambda: default_net("mlp", regression=True, **SMALL_MLP),
    ),
    "tokens": (tokens, codes, lambda: default_net(OfTokens, lr=0.05)),
    "two inputs": (two, codes, lambda: default_net(OfTwo, lr=0.05)),
    "sparse": (sparse_rows, codes, lambda: default_net("mlp", **SMALL_MLP)),
    "several labels": (
        numbers,
        labels,
        lambda: default_net("mlp", criterion=nn.BCEWithLogitsLoss, **SMALL_MLP),
    ),
    "labels of sparse rows": (sparse_rows, labels, lambda: "mlp"),
    "flat": (numbers, quantities, lambda: default_net(Flat, regression=True, lr=0.05)),
    "numbers": (numbers, codes, lambda: default_net("mlp", **SMALL_MLP)),
}
WEIGHTS = {
    "positive": lambda rng, n: rng.exponential(size=n) + 0.01,
    "equal": lambda rng, n: np.full(n, 2.5),
    "counts": lambda rng, n: rng.integers(3, size=n),
    "far apart": lambda rng, n: 10.0 ** rng.integers(-6, 6, size=n),
    "one": lambda rng, n: np.eye(n)[0],
    "negative": lambda rng, n: -np.ones(n),
    "missing": lambda rng, n: np.where(np.arange(n) == 1, np.nan, 1.0),
    "too few": lambda rng, n: np.ones(n - 1),
}


@st.composite
def questions_of_kinds(draw):
    """A net, its parameters, data of one of the kinds, and weights or None."""
    kind = draw(st.sampled_from([*KINDS]))
    make_X, make_y, make_net = KINDS[kind]
    n = draw(mostly(st.integers(20, 50), st.integers(2, 19)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    X, y = make_X(draw, rng, n), make_y(draw, rng, n)
    usual = st.sampled_from(["positive", "counts"])
    weights = draw(mostly(st.just(None), mostly(usual, st.sampled_from([*WEIGHTS]))))
    event(f"kind: {kind}")
    event(f"weights: {weights}")
    net = make_net()
    if not isinstance(net, str):
        net.set_params(max_epochs=2, batch_size=16)
    names = draw(st.sets(st.sampled_from([*PARAMETERS]), max_size=2))
    chosen = {key: draw(PARAMETERS[key]) for key in sorted(names)}
    quick = {"n_monte_carlo": 3, "n_directions": 2, "update_epochs": 1,
             "schedule": 2.0, "random_state": 0, "batch_size": 6,
             "training": "update"}  # fmt: skip
    given = None if weights is None else WEIGHTS[weights](rng, n)
    return net, {**quick, **chosen}, X, y, given
