"""Data frames as they come: texts, categories, dates, missing values."""

from __future__ import annotations

import numpy as np
import pandas as pd

N = 120


def _drawn(*values):
    return lambda n: np.random.default_rng(1).choice(np.array(values, dtype=object), n)


KINDS = {
    "text": _drawn("red", "green", None),
    "string": lambda n: pd.array(_drawn("a", "b")(n), dtype="string"),
    "category": lambda n: pd.Categorical(_drawn("a", "b")(n)),
    "ordered": lambda n: pd.Categorical(np.arange(n) % 3, ordered=True),
    "many texts": lambda n: [f"sentence {i} of {i % 7} words" for i in range(n)],
    "date": lambda n: pd.date_range("2020", periods=n, freq="9D"),
    "date as text": lambda n: pd.date_range("2020", periods=n).astype(str),
    "time zone": lambda n: pd.date_range("2020", periods=n, tz="UTC"),
    "duration": lambda n: pd.to_timedelta(np.arange(n), "h"),
    "period": lambda n: pd.period_range("2020", periods=n, freq="M"),
    "nullable": lambda n: pd.array([1, None] * (n // 2), dtype="Int64"),
    "boolean": lambda n: pd.array([True, None] * (n // 2), dtype="boolean"),
    "missing": lambda n: np.where(np.arange(n) % 5, np.arange(n) * 1000.0, np.nan),
    "nothing": lambda n: [None] * n,
    "numbers and text": _drawn(1, 2.5, "many"),
}


def mixed_frame(n=N):
    """Numbers with holes, booleans and texts; the label can be learnt from them."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "width": rng.normal(50, 1000, n),
            "wet": rng.random(n) > 0.5,
            "colour": rng.choice(["red", "green", "blue"], n),
        }
    )
    frame.loc[::7, "width"] = np.nan
    return frame


def label_of(frame):
    """Yes where it is red or wet."""
    return np.where((frame["colour"] == "red") | frame["wet"], "yes", "no")
