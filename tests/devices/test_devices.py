"""Graphics cards that are pretended. Oracle: the CPU."""

from __future__ import annotations

import pytest
from numpy.testing import assert_allclose

from tests.devices import paths
from tests.devices.pretended import pretended

KINDS = ["cuda", "mps", "xpu"]
# Searches for eigenpairs look less often whether they may end on a card, so eigenvalues
# agree within twice their tolerance of 0.5 %, and what follows from them within this.
RTOL, ATOL = 0.02, 1e-4
EVERY = [
    paths.updated, paths.converged, paths.trained_once, paths.labelled, paths.streamed,
    paths.resumed, paths.saved, paths.convolution, paths.lstm, paths.gru,
    paths.attention, paths.surfaces, paths.eigenpairs, paths.features,
]  # fmt: skip


@pytest.fixture(scope="module")
def on_cpu():
    """What each path gives on the CPU, once for all devices."""
    known = {}

    def found(path):
        if path not in known:
            known[path] = path("cpu")
        return known[path]

    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_a_card_gives_the_numbers_of_the_cpu(kind, path, on_cpu):
    with pretended(kind) as card:
        there = path(kind)
    here = on_cpu(path)
    assert card.launches.total() > 0
    assert not card.doubles
    assert there.keys() == here.keys()
    for name in here:
        assert_allclose(there[name], here[name], RTOL, ATOL, err_msg=name)
