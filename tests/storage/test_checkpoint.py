"""Fits that stop and go on. Oracle: the same fit, never interrupted."""

from __future__ import annotations

import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_regression
from skorch.callbacks import Callback

from sufficient import sample_size_curve
from sufficient.growing.probe import Probe
from sufficient.nets import default_net
from tests.storage.fits import (
    NET,
    NETS,
    SCHEDULE,
    Noisy,
    X,
    Y,
    assert_same,
    fit,
    no_pickle,
    skorch_net,
    stepwise,
)


class Remembers(Callback):
    def on_batch_end(self, net, **kwargs):
        self.n_batches = getattr(self, "n_batches", 0) + 1


class Stopped(BaseException):
    """As little an Exception as Ctrl-C."""


class TestAnInterruptedFit:
    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    @pytest.mark.parametrize("name", NETS)
    def test_goes_on_bit_for_bit(self, name, training, tmp_path, monkeypatch):
        est = stepwise(NETS[name], training=training)
        whole = fit(clone(est))
        original, measured = Probe.measure, []

        def measure(probe, net, seen, fresh, k, record):
            if measured and measured[-1] is not None:
                measured.append(None)
                raise Stopped
            measured.append(k)
            return original(probe, net, seen, fresh, k, record)

        monkeypatch.setattr(Probe, "measure", measure)
        est.set_params(checkpoint=tmp_path)
        for _ in SCHEDULE[1:]:
            with pytest.raises(Stopped), no_pickle(monkeypatch):
                fit(clone(est))
        with no_pickle(monkeypatch):
            resumed = fit(clone(est))
        # No size was measured twice.
        assert [k for k in measured if k] == SCHEDULE
        assert_same(whole, resumed)

    def test_stops_where_it_would_have(self, tmp_path, no_training):
        est = stepwise(tol=1e9, schedule="all", bound="monte_carlo")
        whole = fit(clone(est))
        assert whole.converged_ and whole.batch_counts_[-1] < 8
        est.set_params(checkpoint=tmp_path)
        fit(clone(est))
        no_training()
        assert_same(whole, fit(clone(est)))

    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    def test_that_is_complete_answers_at_once(self, training, tmp_path, no_training):
        est = stepwise(training=training, checkpoint=tmp_path)
        first = fit(clone(est))
        no_training()
        assert_same(first, fit(clone(est)))

    def test_without_a_seed_keeps_the_one_it_drew(self, tmp_path, no_training):
        est = stepwise(random_state=None, checkpoint=tmp_path)
        first = fit(clone(est))
        other = fit(stepwise(random_state=None))
        assert (other.bound_curve_ != first.bound_curve_).any()
        no_training()
        assert_same(first, fit(clone(est)))

    def test_of_a_regressor_goes_on(self, tmp_path, no_training):
        X, y = make_regression(160, 5, n_targets=2, noise=1.0, random_state=0)
        net = default_net("mlp", regression=True, module__hidden_sizes=(4,), lr=0.05)
        est = stepwise(net, checkpoint=tmp_path)
        first = fit(clone(est), X, y)
        no_training()
        assert_same(first, fit(clone(est), X, y), X)
        with pytest.raises(ValueError, match="y differs"):
            fit(clone(est), X, y * 2)

    def test_says_what_it_cannot_remember(self, tmp_path):
        est = stepwise(skorch_net(callbacks=[Remembers()]), checkpoint=tmp_path)
        fit(est)
        with pytest.warns(UserWarning, match="Remembers"):
            fit(est)

    def test_of_the_function_goes_on_too(self, tmp_path, no_training):
        given = stepwise(checkpoint=str(tmp_path / "new" / "folder")).get_params(False)
        curve = sample_size_curve(given.pop("estimator"), X, Y, **given)
        no_training()
        again = sample_size_curve(NET, X, Y, **given)
        assert_array_equal(curve.columns["projected"], again.columns["projected"])


def test_a_net_that_cannot_be_stored_is_told(tmp_path):
    class Extra(Noisy):
        def get_extra_state(self):
            return object()

        def set_extra_state(self, state):
            pass

    with pytest.raises(ValueError, match="_extra_state is a object"):
        fit(stepwise(skorch_net(Extra), checkpoint=tmp_path))
