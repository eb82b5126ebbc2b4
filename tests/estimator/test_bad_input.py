"""Parameters and data without an answer. Oracle: words that name the remedy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import NotFittedError

from sufficient.nets import default_net
from tests.estimator.nets import NET
from tests.small import small, small_net, with_one


@pytest.fixture(scope="module")
def answered(digits):
    return small().fit(*digits)


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

    def test_lists_of_labels_are_to_be_made_rows(self, ask, digits):
        X, y = digits
        labels = [["odd"] if label % 2 else ["even", "small"] for label in y]
        with pytest.raises(ValueError, match="MultiLabelBinarizer"):
            ask(NET, X, labels)

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


class TestDevices:
    @pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is there")
    @pytest.mark.parametrize("by", ["device", "net"])
    def test_cuda_that_is_absent_leaves_the_processor(self, ask, digits, by):
        net = small_net(16)
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
    def test_another_width_is_refused(self, answered, digits, method):
        with pytest.raises(ValueError, match=r"63 features.*expecting 64"):
            getattr(answered, method)(digits[0][:, 1:])

    @pytest.mark.parametrize("shape", [(1, 4, 16), (1, 64), (1, 8, 8, 1)])
    def test_images_of_another_shape_are_refused(self, digits, shape):
        X, y = digits
        est = small("cnn").fit(X.reshape(-1, 1, 8, 8), y)
        with pytest.raises(ValueError, match=r"fitted on samples of shape \(1, 8, 8\)"):
            est.predict(X.reshape(-1, *shape))

    def test_holes_are_refused(self, answered, digits):
        with pytest.raises(ValueError, match="NaN"):
            answered.predict(with_one(digits[0], np.nan))

    def test_unknown_labels_count_as_errors(self, answered, digits):
        X, y = digits
        half = np.where(np.arange(len(y)) < 100, y, 77)
        expected = answered.score(X[:100], y[:100]) / 2
        assert answered.score(X, half) == pytest.approx(expected)

    def test_labels_of_another_kind_are_refused(self, answered, digits):
        X, y = digits
        with pytest.raises((ValueError, TypeError), match=r"type|str"):
            answered.score(X, y.astype(str))
