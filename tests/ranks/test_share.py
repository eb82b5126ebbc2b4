"""Shares of the samples. Oracle: all samples of one process."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from sufficient.ranks import Share, broadcast


class TestShare:
    @pytest.mark.parametrize("n", [1, 7, 64, 65, 1000])
    @pytest.mark.parametrize("size", [1, 2, 3, 5])
    def test_shares_cover_the_samples_once_and_are_even(self, n, size):
        shares = [np.arange(n)[Share(n, rank, size).rows] for rank in range(size)]
        assert_array_equal(np.concatenate(shares), np.arange(n))
        lengths = [len(share) for share in shares]
        assert max(lengths) - min(lengths) <= 1

    @pytest.mark.parametrize("step", [1, 4, 7])
    def test_evenly_spaced_samples_are_those_of_one_process(self, step):
        X, size = np.arange(101), 3
        every = [Share(101, rank, size).every(step) for rank in range(size)]
        parts = [
            X[Share(101, rank, size).rows][rows] for rank, (_, rows) in enumerate(every)
        ]
        assert_array_equal(np.concatenate(parts), X[::step])
        assert {share.n for share, _ in every} == {len(X[::step])}

    def test_one_process_takes_all_and_keeps_its_numbers(self):
        share = Share.of(1000)
        tensor = torch.ones(3)
        assert share.rows == slice(0, 1000)
        assert share.sum(tensor) is tensor
        assert broadcast(tensor) is tensor
