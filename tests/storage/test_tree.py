"""State as JSON and tensors. Oracle: what was stored."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from sufficient.storage.tree import packed, unpacked


class TestTree:
    def test_comes_back_as_it_was(self):
        tree = {
            "nan": float("nan"),
            "deep": [(1, (2.5, None)), {"a": {}, "$b": [], 3: "three", (1, 2): True}],
            "arrays": [
                np.array(["a", "bcd"]),
                np.array([1, 0], dtype=np.uint64),
                np.array([[np.inf, 0.1]]),
                np.array(["x", "y"], dtype=object),
                np.zeros((3, 0), dtype=np.float32),
                np.array([True]),
            ],
            "tensors": {
                "half": torch.ones(2, dtype=torch.bfloat16),
                "none": torch.ones(0),
            },
        }
        plain, tensors = packed(tree)
        back = unpacked(json.loads(json.dumps(plain, allow_nan=False)), tensors)
        assert np.isnan(back.pop("nan"))
        assert back["deep"] == tree["deep"]
        for one, other in zip(tree["arrays"], back["arrays"], strict=True):
            assert_array_equal(one, other, strict=True)
        for name, tensor in tree["tensors"].items():
            assert torch.equal(back["tensors"][name], tensor)

    def test_tensors_of_one_memory_are_stored_apart(self):
        tensor = torch.arange(4.0)
        _, tensors = packed([tensor, tensor[1:], {"a/b": tensor, "a": {"b": tensor}}])
        assert len(tensors) == 4

    @pytest.mark.parametrize("value", [object(), 1j, np.array([1j]), {"a": [print]}])
    def test_takes_nothing_else(self, value):
        with pytest.raises(ValueError, match="cannot be stored"):
            packed(value)
