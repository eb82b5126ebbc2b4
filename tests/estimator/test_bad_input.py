"""What cannot give an answer is refused in words that help, and nothing is lost."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from skorch import (
    NeuralNet,
    NeuralNetBinaryClassifier,
    NeuralNetClassifier,
    NeuralNetRegressor,
)
from skorch.callbacks import Callback, EarlyStopping
from skorch.dataset import Dataset
from torch import nn

from sufficient import MLP, SampleSizeEstimator, sample_size_curve
from sufficient.datasets import load_digits_images
from sufficient.nets import default_net

NET = default_net("mlp", module__hidden_sizes=(16,), lr=0.01)
FAST = {
    "n_directions": 2,
    "n_monte_carlo": 8,
    "schedule": [2, 4],
    "random_state": 0,
}


class Linear(nn.Sequential):
    """Takes flat rows; `outputs` is not a name the library sets."""

    def __init__(self, outputs=10, dtype=None):
        super().__init__(nn.Linear(64, outputs, dtype=dtype))


class WithSoftmax(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(64, 10), nn.Softmax(dim=-1))


class Convolution(nn.Sequential):
    """Takes images of 1 x 8 x 8."""

    def __init__(self):
        super().__init__(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 10))


class WithoutParameters(nn.Module):
    def forward(self, X):
        return X[:, :10]


class Frozen(Linear):
    def __init__(self):
        super().__init__()
        self.requires_grad_(False)


class WithoutAxis(nn.Sequential):
    """Regression outputs of shape (n,)."""

    def __init__(self, n_inputs):
        super().__init__(nn.Linear(n_inputs, 1), nn.Flatten(0))


class NotANumber(nn.Module):
    def forward(self, output, y):
        return output.sum() * float("nan")


class Interrupt(Callback):
    """Ctrl-C in the epoch that follows `after` whole ones."""

    def __init__(self, after):
        self.after = after

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) > self.after:
            raise KeyboardInterrupt


class Diverge(Callback):
    """Weights that are no numbers in the epoch that follows `after` whole ones."""

    def __init__(self, after):
        self.after = after

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) > self.after:
            for parameter in net.module_.parameters():
                parameter.data.fill_(float("nan"))


def small(net=NET, **changes):
    net = net if isinstance(net, str) else clone(net, safe=False)
    return SampleSizeEstimator(net, **{**FAST, **changes})


def classifier(module, **changes):
    settings = {
        "criterion": nn.CrossEntropyLoss,
        "optimizer": torch.optim.Adam,
        "verbose": 0,
    }
    return NeuralNetClassifier(module, **{**settings, **changes})


def fit_estimator(net, X, y, **changes):
    return small(net, **changes).fit(X, y)


def compute_curve(net, X, y, **changes):
    return sample_size_curve(net, X, y, **{**FAST, **changes})


def with_one(X, value):
    changed = X.copy()
    changed[len(X) // 2, 3] = value
    return changed


@pytest.fixture(params=[fit_estimator, compute_curve], ids=["estimator", "function"])
def ask(request):
    return request.param


@pytest.fixture(scope="module")
def digits():
    return load_digits_images(n_samples=200)


@pytest.fixture(scope="module")
def fitted(digits):
    return small().fit(*digits)


@pytest.fixture
def random_states_kept():
    before = torch.get_rng_state(), np.random.get_state()
    yield
    assert torch.equal(torch.get_rng_state(), before[0])
    assert_array_equal(np.random.get_state()[1], before[1][1])


class TestParameters:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("tol", 0),
            ("tol", -1.0),
            ("tol", float("nan")),
            ("sigma", 0),
            ("sigma", -2.0),
            ("sigma", "other"),
            ("bound", "upper"),
            ("training", "online"),
            ("schedule", "sometimes"),
            ("schedule", 1.0),
            ("n_directions", 0),
            ("n_monte_carlo", 1),
            ("batch_size", 0),
            ("patience", 0),
            ("validation_fraction", 1.0),
            ("eigen_tol", 0.0),
            ("random_state", "zero"),
        ],
    )
    def test_one_out_of_range_is_named(self, ask, digits, name, value):
        with pytest.raises(
            ValueError, match=rf"{name}.*must be|cannot be used to seed"
        ):
            ask(NET, *digits, **{name: value})

    def test_a_misspelt_choice_lists_the_choices(self, ask, digits):
        with pytest.raises(ValueError, match="monte_carlo"):
            ask(NET, *digits, bound="montecarlo")

    @pytest.mark.parametrize("schedule", [[0, 3], [2, 9], [-1], []])
    def test_a_schedule_beyond_the_data_names_the_last_batch(
        self, ask, digits, schedule
    ):
        with pytest.raises(ValueError, match="between 1 and 8"):
            ask(NET, *digits, schedule=schedule)

    @pytest.mark.parametrize("batch_size", [100, 161, 1000])
    def test_fewer_than_two_batches_ask_for_smaller_ones(self, ask, digits, batch_size):
        with pytest.raises(ValueError, match="smaller batch_size or more data"):
            ask(NET, *digits, batch_size=batch_size)

    def test_more_directions_than_parameters_are_cut_down(self):
        X, y = make_classification(120, 4, random_state=0)
        net = default_net("mlp", module__hidden_sizes=())
        with pytest.warns(UserWarning, match=r"n_directions=50 exceeds the 10"):
            est = small(net, n_directions=50).fit(X, y)
        assert est.eigenvalues_.shape == (2, 10)
        assert np.isfinite(est.bound_curve_).all()
        assert (np.diff(est.eigenvalues_, axis=1) <= 1e-6).all()


class TestData:
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_holes_and_infinities_are_refused(self, ask, digits, value):
        X, y = digits
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            ask(NET, with_one(X, value), y)

    def test_numbers_beyond_single_precision_are_refused(self, ask, digits):
        X, y = digits
        with pytest.raises(ValueError, match="too large for dtype"):
            ask(NET, X.astype(float) * 1e300, y)

    @pytest.mark.parametrize("n_labels", [150, 250])
    def test_labels_for_other_samples_are_refused(self, ask, digits, n_labels):
        X, y = digits
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            ask(NET, X, np.resize(y, n_labels))

    def test_missing_labels_are_asked_for(self, ask, digits):
        with pytest.raises(ValueError, match=r"y to be passed|y cannot be None"):
            ask(NET, digits[0], None)

    def test_sparse_data_are_to_be_made_dense(self, ask, digits):
        X, y = digits
        with pytest.raises(TypeError, match="toarray"):
            ask(NET, sparse.csr_matrix(X), y)

    def test_one_column_is_to_be_reshaped(self, ask, digits):
        X, y = digits
        with pytest.raises(ValueError, match="Reshape your data"):
            ask(NET, X[:, 20], y)

    def test_one_class_is_not_enough(self, ask, digits):
        X, y = digits
        with pytest.raises(ValueError, match=r"one class only .* at least two"):
            ask(NET, X, np.full_like(y, 3))

    def test_a_class_that_appears_once_is_named(self, ask, digits):
        X, y = digits
        words = np.array([f"digit {label}" for label in y], dtype=object)
        words[17] = "smudge"
        with pytest.raises(ValueError, match=r"class smudge .* Label more of it"):
            ask(NET, X, words)

    @pytest.mark.parametrize("kind", [float, int])
    def test_quantities_are_no_labels(self, ask, kind):
        X, y = make_regression(120, 64, random_state=0)
        with pytest.raises(ValueError, match=r"[Rr]egress"):
            ask(NET, X.astype(np.float32), (1e3 * y).astype(kind))

    def test_two_labels_for_one_sample_are_refused(self, ask, digits):
        X, y = digits
        with pytest.raises(ValueError, match=r"1d array|one label per sample"):
            ask(NET, X, np.column_stack([y, y]))

    def test_missing_targets_are_refused(self, ask):
        X, y = make_regression(120, 5, random_state=0)
        net = default_net("mlp", regression=True, module__hidden_sizes=())
        with pytest.raises(ValueError, match=r"NaN"):
            ask(net, X.astype(np.float32), np.where(np.arange(120) == 7, np.nan, y))

    @pytest.mark.parametrize("n", [1, 2, 3])
    def test_a_handful_of_samples_is_too_few(self, ask, digits, n):
        with pytest.raises(ValueError, match=r"minimum of 4|fewer than 2|one class"):
            ask(NET, digits[0][:n], np.arange(n) % 2)

    @pytest.mark.parametrize("n", [4, 5, 9])
    def test_a_few_more_give_an_answer(self, ask, digits, n):
        X, _ = digits
        ask(NET, X[:n], np.arange(n) % 2, schedule="all")


class TestNets:
    @pytest.mark.parametrize(
        "given",
        [Linear(), Linear, LogisticRegression()],
        ids=["module", "class", "sklearn"],
    )
    def test_what_is_no_skorch_net_is_to_be_wrapped_in_one(self, ask, digits, given):
        with pytest.raises((ValueError, TypeError), match="skorch NeuralNetClassifier"):
            ask(given, *digits)

    def test_a_misspelt_name_lists_the_names(self, ask, digits):
        with pytest.raises(ValueError, match="'mlp'"):
            ask("mpl", *digits)

    def test_a_class_of_nets_is_to_be_made_a_net(self, ask, digits):
        with pytest.raises(ValueError, match="Pass a skorch NeuralNetClassifier"):
            ask(NeuralNetClassifier, *digits)

    def test_a_net_without_a_kind_of_answer_is_refused(self, ask, digits):
        net = NeuralNet(MLP, criterion=nn.CrossEntropyLoss, verbose=0)
        with pytest.raises(ValueError, match="NeuralNetClassifier or NeuralNetRegres"):
            ask(net, *digits)

    @pytest.mark.parametrize("module", [WithoutParameters, Frozen])
    def test_nothing_to_train_is_nothing_to_measure(self, ask, digits, module):
        with pytest.raises(ValueError, match="no trainable parameters"):
            ask(classifier(module), *digits)

    def test_too_few_outputs_are_to_be_widened(self, ask, digits):
        net = classifier(Linear, module__outputs=4)
        with pytest.raises(ValueError, match=r"4 outputs for 10 classes. Widen"):
            ask(net, *digits)

    def test_too_few_regression_outputs_are_to_be_widened(self, ask):
        X, y = make_regression(120, 64, n_targets=3, random_state=0)
        net = NeuralNetRegressor(Linear, module__outputs=2, verbose=0)
        with pytest.raises(ValueError, match=r"2 outputs for 3 targets. Widen"):
            ask(net, X.astype(np.float32), y)

    def test_outputs_without_a_class_are_refused(self, ask, digits):
        net = classifier(Linear, module__outputs=50)
        with pytest.raises(ValueError, match="50 outputs for 10 classes"):
            ask(net, *digits)

    def test_one_logit_cannot_tell_three_classes_apart(self, ask, digits):
        X, y = digits
        net = NeuralNetBinaryClassifier(Linear, module__outputs=1, verbose=0)
        with pytest.raises(ValueError, match="classes"):
            ask(net, X, y % 3)

    def test_two_outputs_of_a_binary_net_are_not_called_a_wrong_shape_of_x(
        self, ask, digits
    ):
        X, y = digits
        net = NeuralNetBinaryClassifier(Linear, module__outputs=2, verbose=0)
        with pytest.raises(ValueError, match=r"\(n,\) or \(n, 1\)") as error:
            ask(net, X, y % 2)
        assert "image" not in str(error.value)

    def test_softmax_and_cross_entropy_do_not_go_together(self, ask, digits):
        with pytest.raises(ValueError, match="Return logits"):
            ask(classifier(WithSoftmax), *digits)

    def test_the_default_criterion_of_skorch_does_not_take_logits(self, ask, digits):
        with pytest.raises(ValueError, match="CrossEntropyLoss"):
            ask(NeuralNetClassifier(MLP, verbose=0), *digits)

    def test_softmax_goes_with_the_default_criterion(self, digits):
        net = classifier(WithSoftmax, criterion=nn.NLLLoss, lr=0.01)
        assert small(net).fit(*digits).score(*digits) > 0.5

    def test_outputs_without_an_axis_are_not_broadcast(self):
        X, y = make_regression(120, 5, noise=1.0, random_state=0)
        settings = {"optimizer": torch.optim.Adam, "lr": 0.05, "verbose": 0}
        net = NeuralNetRegressor(WithoutAxis, **settings)
        try:
            score = small(net).fit(X, y).score(X, y)
        except ValueError as error:
            assert re.search(r"\(n, 1\)|shape", str(error))
        else:
            assert score > 0.8

    def test_features_that_are_no_image_want_an_image_shape(self, ask, digits):
        X, y = digits
        with pytest.raises(ValueError, match="image_shape"):
            ask("cnn", X[:, :10], y)

    def test_an_image_shape_of_another_size_is_refused(self, ask, digits):
        net = default_net("cnn", module__image_shape=(3, 8, 8))
        with pytest.raises(ValueError, match=r"64 features.*\(3, 8, 8\)"):
            ask(net, *digits)

    def test_a_module_for_images_wants_images(self, ask, digits):
        with pytest.raises(ValueError, match="channels, height, width"):
            ask(classifier(Convolution), *digits)

    def test_a_module_for_images_takes_images(self, digits):
        X, y = digits
        images = X.reshape(-1, 1, 8, 8)
        est = small(classifier(Convolution, lr=0.01)).fit(images, y)
        assert est.score(images, y) > 0.5

    @pytest.mark.parametrize("by", ["module", "default type"])
    def test_double_precision_is_named(self, ask, digits, by):
        double = {"module__dtype": torch.float64} if by == "module" else {}
        before = torch.get_default_dtype()
        if by == "default type":
            torch.set_default_dtype(torch.float64)
        try:
            with pytest.raises(ValueError, match="float32"):
                ask(classifier(Linear, **double), *digits)
        finally:
            torch.set_default_dtype(before)

    def test_stopping_on_a_validation_loss_names_the_loss_there_is(self, ask, digits):
        net = clone(NET).set_params(callbacks=[EarlyStopping()])
        with pytest.raises(ValueError, match="train_loss"):
            ask(net, *digits)

    def test_no_epochs_are_too_few(self, ask, digits):
        net = clone(NET).set_params(max_epochs=0)
        with pytest.raises(ValueError, match="max_epochs"):
            ask(net, *digits, training="restart")


class TestLossThatIsNotFinite:
    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    def test_a_huge_learning_rate_names_size_and_loss(self, ask, digits, training):
        net = default_net("mlp", optimizer=torch.optim.SGD, lr=1e20)
        with pytest.raises(
            ValueError, match=r"(nan|inf) with \d+ samples. Lower the learning rate"
        ):
            ask(net, *digits, training=training)

    def test_so_does_a_criterion_without_a_number(self, ask, digits):
        net = classifier(Linear, criterion=NotANumber)
        with pytest.raises(ValueError, match=r"nan with 20 samples.*criterion"):
            ask(net, *digits)

    def test_so_does_a_last_step_that_nothing_followed(self, ask, digits):
        # One step on the whole set: the loss was read before it.
        net = default_net("mlp", optimizer=torch.optim.SGD, lr=1e30, batch_size=1000)
        with pytest.raises(
            ValueError, match=r"(nan|inf) with \d+ samples. Lower the learning rate"
        ):
            ask(net, *digits, update_epochs=1, schedule=[1, 2])

    def test_what_was_measured_before_it_stays_readable(self, digits):
        X, y = digits
        net = clone(NET).set_params(callbacks=[Diverge(after=4)])
        est = small(net, schedule="all", tol=1e-9)
        with pytest.raises(ValueError, match="nan with 100 samples"):
            est.fit(X, y)
        assert_array_equal(est.batch_counts_, [1, 2, 3, 4])
        assert est.verdict_ in est.summary()
        assert np.isfinite(est.bound_curve_).all()
        assert np.isfinite(est.predict_proba(X)).all()


class TestDevices:
    @pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is there")
    @pytest.mark.parametrize("by", ["device", "net"])
    def test_cuda_that_is_absent_leaves_the_processor(self, ask, digits, by):
        net = clone(NET)
        if by == "net":
            net.set_params(device="cuda")
        device = "cuda" if by == "device" else None
        with pytest.raises(ValueError, match=r"'cuda' is not there.*device='cpu'"):
            ask(net, *digits, device=device)

    def test_a_device_that_does_not_exist_is_named(self, ask, digits):
        with pytest.raises(ValueError, match=r"'nonsense' is not there.*device='cpu'"):
            ask(NET, *digits, device="nonsense")


class TestAfterTheFit:
    @pytest.mark.parametrize("method", ["predict", "predict_proba", "summary"])
    def test_there_is_nothing_before_it(self, digits, method):
        arguments = () if method == "summary" else digits[:1]
        with pytest.raises(NotFittedError):
            getattr(small(), method)(*arguments)

    @pytest.mark.parametrize("method", ["predict", "predict_proba"])
    def test_another_width_is_refused(self, fitted, digits, method):
        with pytest.raises(ValueError, match=r"63 features.*expecting 64"):
            getattr(fitted, method)(digits[0][:, 1:])

    @pytest.mark.parametrize("shape", [(1, 4, 16), (1, 64), (1, 8, 8, 1)])
    def test_images_of_another_shape_are_refused(self, digits, shape):
        X, y = digits
        est = small("cnn").fit(X.reshape(-1, 1, 8, 8), y)
        with pytest.raises(ValueError, match=r"fitted on samples of shape \(1, 8, 8\)"):
            est.predict(X.reshape(-1, *shape))

    def test_holes_are_refused(self, fitted, digits):
        with pytest.raises(ValueError, match="NaN"):
            fitted.predict(with_one(digits[0], np.nan))

    def test_sparse_data_are_to_be_made_dense(self, fitted, digits):
        with pytest.raises(TypeError, match="toarray"):
            fitted.predict_proba(sparse.csr_matrix(digits[0]))

    def test_unknown_labels_count_as_errors(self, fitted, digits):
        X, y = digits
        half = np.where(np.arange(len(y)) < 100, y, 77)
        expected = fitted.score(X[:100], y[:100]) / 2
        assert fitted.score(X, half) == pytest.approx(expected)

    def test_labels_of_another_kind_are_refused(self, fitted, digits):
        X, y = digits
        with pytest.raises((ValueError, TypeError), match=r"type|str"):
            fitted.score(X, y.astype(str))


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


@pytest.mark.usefixtures("random_states_kept")
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


@pytest.mark.usefixtures("random_states_kept")
class TestCtrlC:
    @staticmethod
    def interrupted(after, **changes):
        net = clone(NET).set_params(callbacks=[Interrupt(after)])
        return small(net, schedule="all", tol=1e-9, **changes)

    def test_what_was_measured_stays_readable(self, digits):
        X, y = digits
        est = self.interrupted(after=4)
        with pytest.raises(KeyboardInterrupt):
            est.fit(X, y)
        assert_array_equal(est.batch_counts_, [1, 2, 3, 4])
        whole = small(schedule=[1, 2, 3, 4], tol=1e-9).fit(X, y)
        for name in est.curves_.keys() - {"measure_seconds"}:
            assert_array_equal(est.curves_[name], whole.curves_[name], err_msg=name)
        assert est.predict(X).shape == y.shape
        assert est.verdict_ in est.summary()

    def test_before_anything_is_measured_there_is_no_answer(self, digits):
        est = self.interrupted(after=0)
        with pytest.raises(KeyboardInterrupt):
            est.fit(*digits)
        with pytest.raises(NotFittedError):
            est.predict(digits[0])

    def test_the_function_passes_it_on(self, digits):
        net = clone(NET).set_params(callbacks=[Interrupt(after=2)])
        with pytest.raises(KeyboardInterrupt):
            compute_curve(net, *digits)

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


@pytest.mark.usefixtures("random_states_kept")
class TestLabellingSession:
    def test_a_single_sample_is_no_batch(self, digits):
        X, y = digits
        with pytest.raises(ValueError, match=r"minimum of 2|at least 2"):
            small().partial_fit(X[:1], y[:1], classes=range(10))

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
            one.partial_fit(X[:100], y[:100])
        with pytest.raises(ValueError, match="NaN"):
            est.partial_fit(with_one(X[100:], np.nan), y[100:])
        with pytest.raises(ValueError, match="not among the classes"):
            est.partial_fit(X[100:], y[100:] + 50)
        for one in (est, undisturbed):
            one.partial_fit(X[100:], y[100:])
        for name in est.curves_.keys() - {"measure_seconds"}:
            assert_array_equal(est.curves_[name], undisturbed.curves_[name])


class TestRandomStates:
    @pytest.mark.usefixtures("random_states_kept")
    def test_are_restored_after_an_error_in_training(self, ask, digits):
        net = default_net("mlp", optimizer=torch.optim.SGD, lr=1e20)
        with pytest.raises(ValueError, match="samples"):
            ask(net, *digits)

    @pytest.mark.usefixtures("random_states_kept")
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


class TestChance:
    @pytest.mark.parametrize("n_classes", [2, 4])
    @pytest.mark.parametrize("n", [100, 200])
    def test_a_net_no_better_than_chance_never_suffices(self, n, n_classes):
        net = default_net("mlp", module__hidden_sizes=(8,))
        verdicts = []
        for seed in range(10):
            rng = np.random.default_rng([seed, n_classes, n])
            X, y = rng.standard_normal((n, 10)), rng.integers(n_classes, size=n)
            est = small(
                net, tol=1e6, update_epochs=5, schedule="all", random_state=seed
            )
            verdicts.append(est.fit(X, y).verdict_)
            assert est.converged_
        assert "sufficient" not in verdicts

    def test_nor_does_one_for_random_targets(self):
        net = default_net("mlp", regression=True, module__hidden_sizes=(8,))
        verdicts = []
        for seed in range(5):
            rng = np.random.default_rng(seed)
            X, y = rng.standard_normal((100, 10)), rng.standard_normal(100)
            est = small(net, tol=1e6, update_epochs=5, random_state=seed)
            verdicts.append(est.fit(X, y).verdict_)
        assert "sufficient" not in verdicts


class TestWhatIsTrainedIsMeasured:
    def test_class_weights_are_refused(self, ask, digits):
        weight = torch.ones(10)
        net = classifier(Linear, module__outputs=10, criterion__weight=weight)
        with pytest.raises(ValueError, match="Resample the classes"):
            ask(net, *digits)

    def test_a_loss_of_the_net_itself_is_refused(self, ask, digits):
        class OwnLoss(NeuralNetClassifier):
            def get_loss(self, *args, **kwargs):
                return 2 * super().get_loss(*args, **kwargs)

        net = OwnLoss(MLP, criterion=nn.CrossEntropyLoss, verbose=0)
        with pytest.raises(ValueError, match="criterion"):
            ask(net, *digits)

    def test_a_data_set_that_changes_x_is_refused(self, ask, digits):
        class Noisy(Dataset):
            pass

        net = classifier(Linear, module__outputs=10, dataset=Noisy)
        with pytest.raises(ValueError, match="Pipeline"):
            ask(net, *digits)

    def test_an_instance_may_have_seen_the_data(self, ask, digits):
        net = classifier(Linear(outputs=10))
        with pytest.warns(UserWarning, match="pass the class"):
            ask(net, *digits)


def test_one_net_trained_on_everything_never_makes_the_data_sufficient(digits):
    est = SampleSizeEstimator(training="full", tol=1e9, n_directions=2, random_state=0)
    est.fit(*digits)
    assert est.converged_
    assert np.isnan(est.expected_gain_)
    assert est.verdict_ == "stable, still improving"
    assert "one net was trained" in est.summary()


def test_fewer_fresh_samples_than_a_batch_still_give_every_figure(digits):
    X, y = digits
    est = SampleSizeEstimator(
        batch_size=80, validation_fraction=0.1, n_directions=2, random_state=0
    ).fit(X, y)
    assert est.curves_["n_fresh"][-1] < 80
    assert np.isfinite(est.curves_["eigenvalue"]).all()
    assert np.isfinite(est.curves_["one_batch"]).all()


def test_torchs_newer_precision_switches_are_respected():
    code = (
        "import torch; torch.backends.cuda.matmul.fp32_precision = 'tf32'\n"
        "from sufficient.reproducibility.arithmetic import exact_arithmetic\n"
        "with exact_arithmetic():\n"
        "    assert torch.backends.cuda.matmul.fp32_precision == 'ieee'\n"
        "assert torch.backends.cuda.matmul.fp32_precision == 'tf32'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
