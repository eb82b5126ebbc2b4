"""Oracle: the same session without the interruption."""

import numpy as np
import pytest

from sufficient import SampleSizeEstimator
from sufficient.growing.run import Run
from sufficient.training.strategies import UpdateTraining
from tests.same import assert_same_curves
from tests.small import STEPWISE

BATCHES = [slice(start, start + 40) for start in range(0, 200, 40)]


def session():
    return SampleSizeEstimator(
        n_directions=2, n_monte_carlo=8, n_candidates=1, random_state=0, **STEPWISE
    )


@pytest.mark.parametrize(
    ("owner", "moment"), [(Run, "measure"), (UpdateTraining, "extend")]
)
@pytest.mark.parametrize("which", [0, 1, 3])
def test_an_interrupted_batch_can_come_again(digits, monkeypatch, owner, moment, which):
    X, Y = digits
    whole, broken = session(), session()
    original = getattr(owner, moment)

    def interrupted(*args, **kwargs):
        original(*args, **kwargs)
        raise KeyboardInterrupt

    for i, batch in enumerate(BATCHES):
        whole.partial_fit(X[batch], Y[batch], classes=range(10))
        if i == which:
            monkeypatch.setattr(owner, moment, interrupted)
            with pytest.raises(KeyboardInterrupt):
                broken.partial_fit(X[batch], Y[batch], classes=range(10))
            monkeypatch.undo()
        broken.partial_fit(X[batch], Y[batch], classes=range(10))
    assert_same_curves(whole, broken)
    np.testing.assert_array_equal(whole.predict(X), broken.predict(X))


def test_the_net_is_one_batch_ahead_of_the_curves(digits):
    X, Y = digits
    est = session()
    for i, batch in enumerate(BATCHES, start=1):
        est.partial_fit(X[batch], Y[batch], classes=range(10))
        assert est.batch_counts_[-1] == max(i - 1, 1)
    assert est.train_sizes_.tolist() == [32, 64, 96, 128]
