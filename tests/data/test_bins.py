"""Bins of a numeric target. Oracles: pandas' `qcut`, and counting."""

import numpy as np
import pandas as pd
import pytest

from sufficient.data.bins import bin_names, quantile_edges

RNG = np.random.default_rng(0)


def test_hold_a_quarter_each():
    y = RNG.gamma(1.0, 20.0, 400)
    found = np.searchsorted(quantile_edges(y[:, None]), y)
    assert found.tolist() == pd.qcut(y, 4, labels=False).tolist()


@pytest.mark.parametrize(
    "y",
    [np.r_[np.zeros(60), 1:41], np.r_[1:41, np.full(60, 99)], RNG.poisson(0.3, 100)],
    ids=["many lowest", "many largest", "few values"],
)
def test_are_never_empty(y):
    edges = quantile_edges(y[:, None].astype(float))
    counts = np.bincount(np.searchsorted(edges, y), minlength=len(edges) + 1)
    assert 1 <= len(edges) <= 3
    assert (counts > 0).all() and counts.sum() == len(y)


def test_of_several_targets_there_are_none():
    assert not len(quantile_edges(RNG.standard_normal((20, 2))))
    assert not len(bin_names(np.zeros(0)))


@pytest.mark.parametrize(
    "edges",
    [[1.6e9, 1.6e9 + 1, 1.6e9 + 2], [-1e-9, 0, 1e-9], [1, np.nextafter(1, 2)]],
    ids=["far from zero", "tiny", "neighbours"],
)
def test_have_names_that_differ(edges):
    names = bin_names(np.array(edges, dtype=float)).tolist()
    assert len(set(names)) == len(edges) + 1
    ends = [name.split()[-1] for name in names[:-1]]
    assert np.allclose([float(end) for end in ends], edges, rtol=1e-3)
