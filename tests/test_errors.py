"""What stopped people with a raw text. Oracle: one sentence that names the remedy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.model_selection import GridSearchCV

from sufficient import sample_size_curve
from sufficient.nets import default_net
from tests.data.frames import mixed_frame
from tests.small import SEEDED, small

N = 120
FRAME = mixed_frame(N)
X = np.random.default_rng(0).standard_normal((N, 4)).astype(np.float32)
Y = np.arange(N) % 3
REGRESSION = default_net(regression=True)
DAYS = np.datetime64("2020-01-01") + Y.astype("timedelta64[D]")
MISSING = r"y contains NaN or None, 40 times\. Fill or drop"

# Estimator, X, y, changes of the parameters, and the sentence.
DATA = {
    "dates as X": (None, np.full((N, 2), DAYS[:1]), Y, "dates or times.* data frame"),
    "dates as y": (None, X, DAYS, r"Write them as numbers, for instance of days"),
    "dates as a series": ("mlp", X, pd.Series(DAYS), "dates or times, neither labels"),
    "NA of integers": (None, X, pd.Series(Y, dtype="Int64").mask(Y == 1), MISSING),
    "NA of texts": (None, X, pd.Series(Y).astype("string").mask(Y == 1), MISSING),
    "NA of categories": (
        None,
        X,
        pd.Series(Y).astype("category").mask(Y == 1),
        MISSING,
    ),
    "NaN of numbers": ("mlp", X, np.where(Y == 1, np.nan, Y), MISSING),
    "None of texts": (None, X, np.where(Y == 1, None, "a"), MISSING),
    "labels of two types": (
        None,
        X,
        np.array(["last", *Y[1:]], dtype=object),
        r"several types: number, str\. Write all as text, y\.astype\(str\)",
    ),
    "one name twice": (
        None,
        FRAME.set_axis(["a", "a", "b"], axis=1),
        Y,
        r"Several columns are called \['a'\]\. Rename all but one",
    ),
    "one name twice, of numbers": (
        None,
        pd.DataFrame(X[:, :2], columns=["a", "a"]),
        Y,
        r"Several columns are called \['a'\]\. Rename all but one",
    ),
    "a hole in an array": (
        None,
        np.where(np.arange(X.size).reshape(X.shape) == 241, np.nan, X),
        Y,
        r"X contains NaN, first in row 60\. Fill or drop such rows, or fit on a data "
        r"frame, whose missing values are filled\.$",
    ),
    "a hole among objects": (
        None,
        np.where(Y[:, None] == 1, None, X),
        Y,
        r"X contains NaN or None\. Fill or drop.*or fit on a data frame",
    ),
    "infinity": (None, np.where(X > 2, np.inf, X), Y, r"infinity.*first in row \d"),
    "a hole in one of several inputs": (
        "mlp",
        {"a": X, "b": np.where(X > 2, np.nan, X)},
        Y,
        r"X\['b'\] contains NaN, first in row \d+\. Fill or drop such rows\.$",
    ),
    "no targets": (None, FRAME, None, "requires y to be passed"),
    "texts in an array": (None, FRAME.to_numpy(), Y, "Pass a data frame, whose"),
    "X with a gradient": (
        None,
        torch.tensor(X, requires_grad=True),
        Y,
        r"Pass X\.detach\(\)",
    ),
    "y with a gradient": (
        "mlp",
        X,
        torch.tensor(1.0 * Y, requires_grad=True),
        r"Pass y\.detach\(\)",
    ),
    "numbers for a classifier": (
        None,
        X,
        np.linspace(0, 1, N),
        r'Unknown label type.*pass estimator="mlp"',
    ),
    "labels without rows of 0 and 1": (
        "mlp",
        X,
        np.column_stack([Y, Y]),
        r"a column of 0 and 1 for each label",
    ),
    "a constant target": (
        "mlp",
        X,
        np.full(N, 1.5),
        r"y is 1\.5 for every sample.*Pass a target that varies",
    ),
    "one constant target of two": (
        REGRESSION,
        X,
        np.column_stack([Y, np.full(N, 7)]),
        "Column 1 of y is 7 for every sample",
    ),
    "a class with one sample": (
        "mlp",
        X,
        np.where(np.arange(N) == 9, 5, Y),
        "class 5 has fewer than 2 samples.*Label more of it, or drop it",
    ),
    "a quantity taken for classes": (
        "mlp",
        X,
        100 * np.arange(N),
        r"pass a skorch NeuralNetRegressor, such as sufficient\.nets\.default_net",
    ),
    "an encoder that is none": (None, X, Y, "Pass a transformer", {"encoder": "pca"}),
    "a misspelt scorer": (
        None,
        X,
        Y,
        r"Did you mean 'accuracy'",
        {"scoring": "accurate"},
    ),
    "half the name of a scorer": (
        None,
        X,
        Y,
        r"Did you mean 'balanced_accuracy'\?",
        {"scoring": "balanced"},
    ),
    "too many directions": (
        None,
        X,
        Y,
        r"n_directions=9,\d+ for a net of 9,\d+ parameters needs about .* GB of memory"
        r".* hours at every size\. Lower n_directions",
        {"n_directions": 10**7},
    ),
}


@pytest.mark.filterwarnings("ignore:n_directions")
@pytest.mark.parametrize("ask", ["estimator", "function"])
@pytest.mark.parametrize("name", DATA)
def test_the_remedy_is_named(name, ask):
    net, samples, targets, message, *changes = DATA[name]
    changes = changes[0] if changes else {}
    with pytest.raises(ValueError, match=f"(?s){message}"):
        if ask == "estimator":
            small(net, **changes).fit(samples, targets)
        else:
            sample_size_curve(net, samples, targets, **{**SEEDED, **changes})


@pytest.mark.parametrize("net", [None, "mlp", "cnn"])
def test_parameters_of_a_net_by_name_name_the_net(net):
    search = GridSearchCV(small(net), {"estimator__lr": [0.1]}, error_score="raise")
    name = net or "mlp"
    with pytest.raises(ValueError, match=rf'default_net\("{name}"\)'):
        search.fit(X, Y)
    small(net).set_params(estimator=default_net(), estimator__lr=0.1)


def test_copies_in_the_held_out_part_are_told():
    with pytest.warns(UserWarning, match="exact copies of training samples.*drop"):
        small().fit(np.tile(X, (4, 1)), np.tile(Y, 4))
