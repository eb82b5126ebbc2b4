"""Graphics cards that are pretended. Oracle: the CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from sufficient.data.sources import ArrayRows
from sufficient.data.stream import Stream
from sufficient.reproducibility.arithmetic import differentiable_recurrence
from sufficient.reproducibility.seeds import seeded
from tests.devices import paths
from tests.devices.pretended import OnCard, pretended
from tests.same import assert_same_curves

KINDS = ["cuda", "mps", "xpu"]
# Searches for eigenpairs look less often whether they may end on a card, so eigenvalues
# agree within twice their tolerance of 0.5 %, and what follows from them within this.
RTOL, ATOL = 0.02, 1e-4
EVERY = [
    paths.updated, paths.converged, paths.trained_once, paths.labelled, paths.streamed,
    paths.resumed, paths.saved, paths.convolution, paths.lstm, paths.gru,
    paths.attention, paths.surfaces, paths.eigenpairs, paths.features,
]  # fmt: skip
QUICK = {
    ("cuda", paths.updated), ("cuda", paths.convolution), ("cuda", paths.features),
    ("mps", paths.labelled), ("mps", paths.eigenpairs), ("xpu", paths.streamed),
}  # fmt: skip


def cases():
    """Every path on every device, of which few are quick enough to run by default."""
    for kind in KINDS:
        for path in EVERY:
            marks = () if (kind, path) in QUICK else pytest.mark.slow
            yield pytest.param(kind, path, marks=marks, id=f"{kind}-{path.__name__}")


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
@pytest.mark.parametrize(("kind", "path"), [*cases()])
def test_a_card_gives_the_numbers_of_the_cpu(kind, path, on_cpu):
    with pretended(kind) as card:
        there = path(kind)
    here = on_cpu(path)
    assert card.launches.total() > 0
    assert not card.doubles
    assert there.keys() == here.keys()
    for name in here:
        assert_allclose(there[name], here[name], RTOL, ATOL, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_random_numbers_of_a_card_are_seeded_and_its_state_is_restored(kind):
    def drawn():
        return torch.rand(3, device=kind).tolist()

    with pretended(kind) as card:
        before = card.random_state.get_state()
        with seeded(1, kind):
            first = drawn()
        with seeded(1, kind):
            assert drawn() == first
        assert_array_equal(card.random_state.get_state(), before)
        assert drawn() != drawn()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_a_net_with_dropout_gives_the_same_answer_twice(kind):
    def asked():
        net = paths.skorch_net(paths.WithDropout)
        return paths.estimator(kind, net, schedule=[1]).fit(paths.X, paths.Y)

    with pretended(kind):
        first, second = asked(), asked()
    assert_same_curves(first, second)


@pytest.mark.parametrize("kind", [torch.nn.LSTM, torch.nn.GRU, torch.nn.RNN])
def test_recurrent_layers_do_without_cudnn_in_eval_mode(kind):
    X = torch.randn(4, 3, 5)
    with pretended("cuda"):
        layer = kind(5, 2).to("cuda").eval()
        with pytest.raises(RuntimeError, match="only be called in training mode"):
            layer(X.to("cuda"))
        with differentiable_recurrence():
            layer(X.to("cuda"))[0].sum().backward()
        assert isinstance(layer.weight_ih_l0.grad, OnCard)


class TestMemory:
    """Data that do not fit on the card."""

    X = np.random.default_rng(0).standard_normal((5000, 3), dtype=np.float32)

    def test_a_stream_keeps_nothing_where_there_is_no_room(self):
        order = np.random.default_rng(1).permutation(5000)
        with pretended("cuda", room=1000 * 12):
            stream = Stream(ArrayRows(self.X), order, "cuda")
            assert_array_equal(stream[:700].cpu(), self.X[order[:700]])
            with pytest.raises(torch.OutOfMemoryError):
                stream[:2000]

    @pytest.mark.filterwarnings("ignore")
    def test_arrays_that_do_not_fit_are_read_piece_by_piece(self, on_cpu):
        free = 2 * 4 * 64 * 100
        with pretended("cuda", free=free):
            there = paths.updated("cuda")
        for name, value in on_cpu(paths.updated).items():
            assert_allclose(there[name], value, RTOL, ATOL, err_msg=name)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_indices_and_losses_do_not_travel_at_every_step():
    """Of 512 steps or more, which took 24 launches and two copies each."""
    with pretended("cuda") as card:
        paths.converged("cuda")
    assert card.copies.total() < 100
    assert card.waits.total() < 150
