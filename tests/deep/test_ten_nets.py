"""Ten nets that people train. Oracle: differences of torch's own gradient, float64."""

from __future__ import annotations

import numpy as np
import pytest

from examples.studies.deep_nets.nets import CASES, resnet18_is_there
from sufficient import SampleSizeEstimator
from sufficient.display.arrival import samples_in_order_of_arrival
from tests.deep.products import error_of_products
from tests.small import SEEDED

N = 64
QUICK = {**SEEDED, "batch_size": 16, "update_epochs": 2, "stop": "never"}


def fitted(name, **changes):
    case = CASES[name]
    X, y = case.data(N)
    est = SampleSizeEstimator(case.module, **{**QUICK, **case.parameters, **changes})
    return est.fit(X, y), X, y


@pytest.mark.parametrize("name", CASES)
def test_each_fits_and_its_products_are_differences_of_gradients(name):
    if name == "ResNet-18" and not resnet18_is_there():
        pytest.skip("neither timm nor torchvision is installed")
    est, X, y = fitted(name)
    assert np.isfinite(est.bound_curve_).all()
    assert np.isfinite(est.delta_curve_).all()
    assert len(est.predict(X)) == N
    # Rectifiers and maxima have kinks, which longer steps would cross.
    step, tolerance = (1e-8, 1e-2) if name == "ResNet-18" else (1e-5, 1e-6)
    samples = samples_in_order_of_arrival(est, X, y)
    assert error_of_products(est.estimator_, samples, step) < tolerance
