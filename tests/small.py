"""Nets and estimators so small that a fit takes less than a second."""

from __future__ import annotations

from torch import nn

from sufficient import SampleSizeEstimator
from sufficient.nets import default_net

# One net, trained on in steps as the set grows, until the landscape is stable.
STEPWISE = {"training": "update", "stop": "landscape", "refit": False}
SMALL = {"n_directions": 2, "n_monte_carlo": 8, "schedule": [2, 4], **STEPWISE}
SEEDED = {**SMALL, "random_state": 0}


def small_net(*hidden_sizes, **changes):
    """A multilayer perceptron of these widths."""
    return default_net(
        "mlp", module__hidden_sizes=hidden_sizes, **{"lr": 0.01, **changes}
    )


def small(net=..., **changes):
    """An estimator for this net, or for one of its own."""
    net = small_net(16) if net is ... else net
    return SampleSizeEstimator(net, **{**SEEDED, **changes})


class Convolution(nn.Sequential):
    """Takes images of 1 x 8 x 8; `outputs` is not a name the library sets."""

    def __init__(self, outputs=10):
        super().__init__(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, outputs))


def with_one(X, value, row=None):
    """X with one number changed, in the middle or in a row."""
    changed = X.copy()
    changed[len(X) // 2 if row is None else row, 3] = value
    return changed
