"""Fits that fail or are interrupted. Oracle: what was there before."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError

from sufficient import sample_size_curve
from sufficient.nets import default_net
from tests.estimator.nets import NET, Interrupt, Linear, classifier
from tests.same import AT_THE_END, assert_same_curves
from tests.small import SEEDED, small, small_net, with_one


@contextmanager
def whole_answer_or_none(est, X):
    """After an error, `est` answers as before for X, or says that it is not fitted."""
    before = est.predict(X), est.curves_, est.train_indices_, est.n_features_in_
    yield
    try:
        predicted = est.predict(X)
    except NotFittedError:
        assert not [name for name in vars(est) if name.endswith("_")]
    else:
        assert_array_equal(predicted, before[0])
        assert est.curves_ is before[1]
        assert_array_equal(est.train_indices_, before[2])
        assert est.n_features_in_ == before[3]
        assert est.summary()


@pytest.mark.usefixtures("process_kept")
class TestASecondFitThatFails:
    def test_on_bad_data(self, digits):
        X, y = digits
        est = small().fit(X, y)
        with whole_answer_or_none(est, X), pytest.raises(ValueError, match="NaN"):
            est.fit(np.full((50, 10), np.nan), y[:50])

    def test_on_one_class_of_another_width(self, digits):
        X, y = digits
        est = small().fit(X, y)
        with whole_answer_or_none(est, X), pytest.raises(ValueError, match="one class"):
            est.fit(X[:50, :10], np.zeros(50))

    def test_on_a_net_that_diverges(self, digits):
        X, y = digits
        est = small().fit(X, y)
        est.set_params(estimator__lr=1e30)
        with whole_answer_or_none(est, X), pytest.raises(ValueError, match="samples"):
            est.fit(X[:100], y[:100])

    def test_on_ctrl_c_before_anything_is_measured(self, digits):
        X, y = digits
        est = small().fit(X, y)
        est.set_params(estimator__callbacks=[Interrupt(after=0)])
        with whole_answer_or_none(est, X), pytest.raises(KeyboardInterrupt):
            est.fit(X[:100], y[:100])


@pytest.mark.usefixtures("process_kept")
class TestCtrlC:
    @staticmethod
    def interrupted(after, **changes):
        net = small_net(16, callbacks=[Interrupt(after)])
        return small(net, schedule="all", tol=1e-9, **changes)

    def test_what_was_measured_stays_readable(self, digits):
        X, y = digits
        est = self.interrupted(after=4)
        with pytest.raises(KeyboardInterrupt):
            est.fit(X, y)
        assert_array_equal(est.batch_counts_, [1, 2, 3, 4])
        # With a callback that listens, skorch makes the steps, so here as well.
        whole = self.interrupted(after=99).set_params(schedule=[1, 2, 3, 4]).fit(X, y)
        assert_same_curves(est, whole, apart=AT_THE_END)
        assert est.predict(X).shape == y.shape
        assert est.verdict_ in est.summary()

    def test_before_anything_is_measured_there_is_no_answer(self, digits):
        est = self.interrupted(after=0)
        with pytest.raises(KeyboardInterrupt):
            est.fit(*digits)
        with pytest.raises(NotFittedError):
            est.predict(digits[0])

    def test_the_function_passes_it_on(self, digits):
        net = small_net(16, callbacks=[Interrupt(after=2)])
        with pytest.raises(KeyboardInterrupt):
            sample_size_curve(net, *digits, **SEEDED)

    @pytest.mark.parametrize("training", ["restart", "full"])
    def test_it_stops_long_trainings_too(self, digits, training):
        with pytest.raises(KeyboardInterrupt):
            self.interrupted(after=5, training=training).fit(*digits)

    def test_it_leaves_a_labelling_session_as_it_was(self, digits):
        X, y = digits
        est = self.interrupted(after=3)
        batches = np.array_split(np.arange(200), 5)
        for rows in batches[:3]:
            est.partial_fit(X[rows], y[rows])
        sizes, predicted = est.train_sizes_, est.predict(X)
        with pytest.raises(KeyboardInterrupt):
            est.partial_fit(X[batches[3]], y[batches[3]])
        assert_array_equal(est.train_sizes_, sizes)
        assert est.predict(X).shape == predicted.shape
        assert est.summary()


@pytest.mark.usefixtures("process_kept")
class TestLabellingSession:
    def test_training_once_on_everything_needs_everything(self, digits):
        with pytest.raises(ValueError, match="'update' or 'restart'"):
            small(training="full").partial_fit(*digits)

    def test_a_first_batch_of_one_class_is_refused(self, digits):
        X, y = digits
        with pytest.raises(ValueError, match="one class only"):
            small().partial_fit(X, np.zeros_like(y))

    @pytest.mark.parametrize("kind", ["width", "label", "net"])
    def test_a_first_batch_that_fails_starts_no_session(self, digits, kind):
        X, y = digits
        est = small("cnn")
        with pytest.raises(ValueError, match=r"image|not among|samples|outputs"):
            if kind == "width":
                est.partial_fit(X[:, :10], y)
            elif kind == "label":
                est.partial_fit(X, y, classes=[0, 1])
            else:
                est.set_params(estimator=classifier(Linear, module__outputs=2))
                est.partial_fit(X, y)
        est.set_params(estimator="cnn").partial_fit(X, y)
        assert_array_equal(est.classes_, np.arange(10))
        assert_array_equal(est.train_sizes_, [160])

    def test_a_later_batch_that_fails_counts_for_nothing(self, digits):
        X, y = digits
        est, undisturbed = small(), small()
        for one in (est, undisturbed):
            one.partial_fit(X[:100], y[:100], classes=range(10))
        with pytest.raises(ValueError, match="NaN"):
            est.partial_fit(with_one(X[100:], np.nan), y[100:])
        with pytest.raises(ValueError, match="not among the classes"):
            est.partial_fit(X[100:], y[100:] + 50)
        for one in (est, undisturbed):
            one.partial_fit(X[100:], y[100:])
        assert_same_curves(est, undisturbed)


class TestRandomStates:
    @pytest.mark.usefixtures("process_kept")
    def test_are_restored_after_an_error_in_training(self, ask, digits):
        net = default_net("mlp", optimizer=torch.optim.SGD, lr=1e20)
        with pytest.raises(ValueError, match="samples"):
            ask(net, *digits)

    @pytest.mark.usefixtures("process_kept")
    def test_are_restored_after_an_error_in_measuring(self, ask, digits, monkeypatch):
        def broken(*args, **kwargs):
            assert float(torch.tensor(1e-39) * 1.0) == 0
            raise RuntimeError("broken")

        monkeypatch.setattr(
            "sufficient.landscape.measure.project_with_exact_mean", broken
        )
        with pytest.raises(RuntimeError, match="broken"):
            ask(NET, *digits)
        assert float(torch.tensor(1e-39) * 1.0) > 0
