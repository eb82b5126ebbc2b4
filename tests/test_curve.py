"""The curve after every size. Oracle: the fit that runs to the end."""

from __future__ import annotations

import pytest
from numpy.testing import assert_array_equal

from sufficient import iterate_sample_size_curve
from tests.small import SMALL
from tests.storage.fits import NET, SCHEDULE, X, Y, fit, stepwise


class TestIteration:
    GIVEN = stepwise().get_params(deep=False)

    def test_gives_the_curve_after_every_size(self):
        given = {**self.GIVEN}
        curves = list(iterate_sample_size_curve(given.pop("estimator"), X, Y, **given))
        whole = fit(stepwise())
        assert len(curves) == len(SCHEDULE)
        for i, curve in enumerate(curves, start=1):
            # What is smoothed over the first four sizes knows all of them.
            along_k = {"smoothed", "smoothed_std_err"}
            for name in curve.columns.keys() - {"measure_seconds"} - along_k:
                assert_array_equal(curve.columns[name], whole.curves_[name][:i])

    def test_stops_when_told(self):
        steps = iterate_sample_size_curve(NET, X, Y, **{**SMALL, "schedule": SCHEDULE})
        curve = next(steps)
        steps.close()
        assert curve.columns["batch_count"].tolist() == [1]
        assert curve.net.predict(X).shape == Y.shape

    def test_goes_on_from_a_checkpoint(self, tmp_path):
        given = {**self.GIVEN, "checkpoint": tmp_path}
        net = given.pop("estimator")
        next(iterate_sample_size_curve(net, X, Y, **given))
        sizes = [
            len(curve.columns["projected"])
            for curve in iterate_sample_size_curve(net, X, Y, **given)
        ]
        assert sizes == [1, 2, 3, 4]

    def test_takes_no_other_parameters(self):
        with pytest.raises(TypeError, match="tolerance"):
            iterate_sample_size_curve(NET, X, Y, tolerance=1)
        with pytest.raises(ValueError, match="'tol' parameter"):
            iterate_sample_size_curve(NET, X, Y, tol=-1)
