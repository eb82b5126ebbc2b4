"""Images, grey and in colour, and a network that sees them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sufficient.datasets import load_digits_images
from tests.features.bodies import Body


@pytest.fixture
def body():
    torch.manual_seed(0)
    return Body()


@pytest.fixture(scope="module")
def images():
    return load_digits_images(n_samples=40, as_images=True)[0]


@pytest.fixture(scope="module")
def colours():
    return np.random.default_rng(0).integers(256, size=(5, 3, 9, 7)).astype(np.uint8)
