"""The estimator among its scikit-learn neighbours: nothing it does surprises them."""

from __future__ import annotations

import inspect
import pickle
import random
import re
import warnings
from contextlib import contextmanager
from functools import partial

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from torch import nn

from sufficient import (
    MLP,
    SampleSizeEstimator,
    sample_size_curve,
    sample_size_scorer,
)
from sufficient.datasets import load_digits_images
from sufficient.nets import default_net

NETS = {
    "mlp": default_net("mlp", module__hidden_sizes=(16,), lr=0.01),
    "cnn": default_net("cnn", module__image_shape=(1, 8, 8), lr=0.01),
}
LABELS = {
    "strings": np.array(["naught", "one", "two"]),
    "objects": np.array(["naught", "one", "two"], dtype=object),
    "from one": np.array([1, 2, 3]),
    "negative": np.array([-7, -1, 4]),
    "whole floats": np.array([0.0, 1.0, 5.0]),
    "two booleans": np.array([False, True]),
}
UNREPEATABLE = {"measure_seconds"}


def small(net=NETS["mlp"], **changes):
    settings = {
        "n_directions": 2,
        "n_monte_carlo": 8,
        "schedule": [2, 4],
        "random_state": 0,
    }
    return SampleSizeEstimator(net, **{**settings, **changes})


def linear(**changes):
    net = default_net("mlp", regression=True, module__hidden_sizes=(), lr=0.05)
    return small(net, **changes)


def same_curves(first, second):
    assert first.curves_.keys() == second.curves_.keys()
    for name in first.curves_.keys() - UNREPEATABLE:
        assert_array_equal(first.curves_[name], second.curves_[name], err_msg=name)


def same_weights(first, second):
    for one, other in zip(
        first.module_.state_dict().values(),
        second.module_.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(one, other)


@pytest.fixture(scope="module")
def digits():
    return load_digits_images(n_samples=200)


@pytest.fixture(scope="module")
def three_digits():
    X, y = load_digits_images(n_samples=400)
    return X[y < 3], y[y < 3]


@pytest.fixture(scope="module")
def yes_or_no():
    X, y = make_classification(200, 6, class_sep=2.0, random_state=0)
    return X, np.where(y, "yes", "no")


@pytest.fixture(scope="module")
def targets():
    X, y = make_regression(160, 5, n_targets=2, noise=1.0, random_state=0)
    return X, y


@pytest.fixture(scope="module", params=NETS)
def net(request):
    return NETS[request.param]


@pytest.fixture(scope="module")
def fitted(net, digits):
    return small(net).fit(*digits)


@parametrize_with_checks(
    [
        SampleSizeEstimator(),
        SampleSizeEstimator(default_net("mlp", regression=True)),
    ]
)
def test_estimator_keeps_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


class TestParameters:
    def test_a_clone_has_the_same_parameters_and_no_answer(self, fitted, digits):
        copy = clone(fitted)
        old, new = fitted.get_params(), copy.get_params()
        assert old.keys() == new.keys()
        simple = {k for k, v in old.items() if isinstance(v, (int, float, str, tuple))}
        assert {"estimator__lr", "n_directions", "random_state"} <= simple
        assert {k: old[k] for k in simple} == {k: new[k] for k in simple}
        assert not [name for name in vars(copy) if name.endswith("_")]
        with pytest.raises(NotFittedError):
            copy.predict(digits[0])

    def test_a_clone_gives_the_same_answer(self, fitted, digits):
        same_curves(fitted, clone(fitted).fit(*digits))

    def test_parameters_of_the_net_inside_can_be_set(self, digits):
        est = clone(small()).set_params(
            estimator__lr=0.02, estimator__module__hidden_sizes=(7,)
        )
        assert est.get_params()["estimator__lr"] == 0.02
        est.fit(*digits)
        assert est.estimator_.lr == 0.02
        layers = est.estimator_.module_.modules()
        first = next(layer for layer in layers if isinstance(layer, nn.Linear))
        assert first.out_features == 7

    @pytest.mark.parametrize("given", [None, "mlp", "cnn"])
    def test_nets_by_name_keep_their_name(self, digits, given):
        est = small(given).fit(*digits)
        assert est.estimator is given
        assert clone(est).estimator is given

    def test_function_and_estimator_take_the_same_keywords(self):
        def keywords(callable_):
            parameters = inspect.signature(callable_).parameters.values()
            return {
                p.name: (p.default, p.kind)
                for p in parameters
                if p.kind is p.KEYWORD_ONLY
            }

        ours = keywords(SampleSizeEstimator)
        assert len(ours) > 10
        assert keywords(sample_size_curve) == ours
        assert list(keywords(sample_size_curve)) == list(ours)

    def test_function_and_estimator_give_the_same_numbers(self, fitted, digits):
        settings = fitted.get_params(deep=False)
        curve = sample_size_curve(settings.pop("estimator"), *digits, **settings)
        for name in curve.columns.keys() - UNREPEATABLE:
            assert_array_equal(curve.columns[name], fitted.curves_[name], err_msg=name)


class TestDocumentation:
    @staticmethod
    def documented(section):
        text = inspect.getdoc(SampleSizeEstimator)
        body = re.search(rf"{section}\n-+\n(.*?)\n\n\S", text, re.DOTALL).group(1)
        lines = re.findall(r"^(\w[\w, ]*) :", body, re.MULTILINE)
        return [name for line in lines for name in line.split(", ")]

    def test_every_parameter_is_documented_in_order(self):
        parameters = inspect.signature(SampleSizeEstimator).parameters
        assert self.documented("Parameters") == list(parameters)

    def test_every_default_is_documented(self):
        text = inspect.getdoc(SampleSizeEstimator)
        for name, parameter in inspect.signature(
            SampleSizeEstimator
        ).parameters.items():
            line = re.search(rf"^{name} : .*", text, re.MULTILINE).group()
            shown = str(parameter.default)
            assert re.search(rf'default="?{re.escape(shown)}"?$', line) or (
                float(re.search(r"default=(.*)", line).group(1)) == parameter.default
            )

    def test_every_fitted_attribute_is_documented_and_there(self, digits):
        X = pd.DataFrame(digits[0]).rename(columns=str)
        est = small().fit(X, digits[1])
        there = {n for n in vars(est) if n.endswith("_") and not n.startswith("_")}
        assert there == set(self.documented("Attributes"))

    def test_fit_sets_nothing_else_in_public(self, fitted):
        public = {name for name in vars(fitted) if not name.startswith("_")}
        assert all(n.endswith("_") for n in public - fitted.get_params().keys())


class TestTheNetThatIsGiven:
    @pytest.fixture(params=["class", "instance", "already trained"])
    def given(self, request, digits):
        if request.param == "instance":
            return NeuralNetClassifier(
                MLP(64, 10, hidden_sizes=(16,)),
                criterion=nn.CrossEntropyLoss,
                optimizer=torch.optim.Adam,
                lr=0.01,
            )
        net = clone(NETS["mlp"]).set_params(
            module__n_inputs=64, module__n_outputs=10, max_epochs=1
        )
        return net.fit(*digits) if request.param == "already trained" else net

    @staticmethod
    def parameters_of(net):
        # skorch makes its default callbacks anew for every call.
        params = net.get_params()
        return {k: v for k, v in params.items() if not k.startswith("callbacks__")}

    @staticmethod
    def weights_of(net):
        holders = [net.module] if isinstance(net.module, nn.Module) else []
        holders += [net.module_] if net.initialized_ else []
        return [v.clone() for holder in holders for v in holder.state_dict().values()]

    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    def test_it_is_never_touched(self, given, digits, training):
        parameters, initialized = self.parameters_of(given), given.initialized_
        names, weights = set(vars(given)), self.weights_of(given)
        est = small(given, training=training).fit(*digits)
        assert est.estimator is given
        after = self.parameters_of(given)
        assert after.keys() == parameters.keys()
        assert all(after[name] is parameters[name] for name in after)
        assert (given.initialized_, set(vars(given))) == (initialized, names)
        left = self.weights_of(given)
        assert all(torch.equal(a, b) for a, b in zip(weights, left, strict=True))

    def test_partial_fit_does_not_touch_it_either(self, given, digits):
        weights, initialized = self.weights_of(given), given.initialized_
        small(given).partial_fit(*digits)
        assert given.initialized_ == initialized
        left = self.weights_of(given)
        assert all(torch.equal(a, b) for a, b in zip(weights, left, strict=True))

    def test_a_second_fit_starts_from_the_same_weights(self, given, digits):
        est = small(given, random_state=3).fit(*digits)
        same_curves(clone(est).fit(*digits), est.fit(*digits))

    @pytest.mark.parametrize("training", ["update", "restart"])
    def test_it_may_stop_its_training_early(self, digits, training):
        stop = EarlyStopping(monitor="train_loss", patience=1, threshold=10.0)
        net = clone(NETS["mlp"]).set_params(callbacks=[stop])
        try:
            est = small(net, training=training).fit(*digits)
        except KeyboardInterrupt:
            # Which is how skorch stops; it would end the test run.
            pytest.fail("early stopping passes for Ctrl-C")
        assert_array_equal(est.batch_counts_, [2, 4])


class TestAfterwards:
    @pytest.mark.parametrize("by", ["pickle", "joblib"])
    def test_a_stored_estimator_predicts_the_same(self, fitted, digits, by, tmp_path):
        if by == "pickle":
            loaded = pickle.loads(pickle.dumps(fitted))
        else:
            joblib.dump(fitted, tmp_path / "fitted.joblib")
            loaded = joblib.load(tmp_path / "fitted.joblib")
        assert_array_equal(
            loaded.predict_proba(digits[0]), fitted.predict_proba(digits[0])
        )
        same_curves(loaded, fitted)
        assert loaded.summary() == fitted.summary()

    def test_probabilities_sum_to_one_in_the_order_of_classes(self, fitted, digits):
        X, y = digits
        probabilities = fitted.predict_proba(X)
        assert probabilities.shape == (len(X), 10)
        assert probabilities.min() >= 0
        assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        assert_array_equal(fitted.classes_, np.unique(y))
        best = fitted.classes_[probabilities.argmax(axis=1)]
        assert_array_equal(fitted.predict(X), best)

    def test_score_is_the_accuracy(self, fitted, digits):
        X, y = digits
        assert fitted.score(X, y) == accuracy_score(y, fitted.predict(X))
        assert fitted.score(X, y) > 0.6

    def test_held_out_and_training_samples_are_all_there_is(self, fitted, digits):
        indices = [*fitted.train_indices_, *fitted.validation_indices_]
        assert_array_equal(np.sort(indices), np.arange(len(digits[0])))

    def test_kind_of_estimator_follows_the_net(self):
        assert is_classifier(small())
        assert is_classifier(SampleSizeEstimator("cnn"))
        assert is_regressor(linear())


class TestCompany:
    def test_works_behind_a_scaler(self, net, digits):
        X, y = digits
        pipe = make_pipeline(StandardScaler(), small(net)).fit(X * 1000 + 5, y)
        assert pipe.score(X * 1000 + 5, y) > 0.6
        assert sample_size_scorer(pipe, X, y) == -pipe[-1].n_samples_needed_

    def test_grid_search_picks_a_net_and_repeats_itself(self, digits):
        grid = {"estimator__module__hidden_sizes": [(), (16,)]}
        search = GridSearchCV(
            small(),
            grid,
            scoring={"accuracy": "accuracy", "n_star": sample_size_scorer},
            refit="accuracy",
            cv=2,
            n_jobs=2,
            error_score="raise",
        )
        first = search.fit(*digits).cv_results_
        best = search.best_estimator_
        second = search.fit(*digits).cv_results_
        for name in ("mean_test_accuracy", "mean_test_n_star"):
            assert_array_equal(first[name], second[name])
        assert (first["mean_test_n_star"] < 0).all()
        assert search.best_params_ in [{name: v} for name in grid for v in grid[name]]
        assert search.predict(digits[0]).shape == digits[1].shape
        same_curves(best, search.best_estimator_)

    def test_cross_validation_returns_the_answer_of_each_fold(self, digits):
        found = cross_validate(
            small(),
            *digits,
            cv=2,
            scoring={"n_star": sample_size_scorer, "accuracy": "accuracy"},
            return_estimator=True,
        )
        needed = [est.n_samples_needed_ for est in found["estimator"]]
        assert_array_equal(found["test_n_star"], -np.array(needed, dtype=float))
        assert (found["test_accuracy"] > 0.5).all()


class TestData:
    @pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
    def test_frames_give_the_answer_of_arrays_and_their_names(self, digits, frame):
        X, y = digits
        names = [f"pixel{i}" for i in range(X.shape[1])]
        table = frame({name: X[:, i] for i, name in enumerate(names)})
        series = {pd.DataFrame: pd.Series, pl.DataFrame: pl.Series}[frame]
        est = small().fit(table, series(y))
        same_curves(est, small().fit(X, y))
        assert_array_equal(est.feature_names_in_, names)
        with warnings_of_torch_as_errors():
            predicted = est.predict(table)
        assert_array_equal(predicted, est.predict(X.astype(float)))
        with pytest.raises(ValueError, match="feature names"):
            est.predict(table[names[::-1]])

    @pytest.mark.parametrize("series", [pd.Series, pl.Series, list, pd.Categorical])
    def test_columns_of_words_are_labels(self, three_digits, series):
        X, codes = three_digits
        words = LABELS["strings"][codes]
        est = small().fit(X, series(words))
        assert_array_equal(est.classes_, LABELS["strings"])
        assert est.score(X, words) > 0.8

    @pytest.mark.parametrize("kind", LABELS)
    def test_any_labels_come_back_as_they_were(self, net, three_digits, kind):
        X, codes = three_digits
        labels = LABELS[kind]
        rows = codes < len(labels)
        X, y = X[rows], labels[codes[rows]]
        est = small(net).fit(X, y)
        assert_array_equal(est.classes_, labels)
        assert est.classes_.dtype == y.dtype
        assert est.predict(X).dtype == y.dtype
        assert est.score(X, y) > 0.8
        numbered = small(net).fit(X, codes[rows])
        same_curves(est, numbered)

    def test_a_read_only_memory_map_is_read_only(self, digits, tmp_path):
        joblib.dump(digits, tmp_path / "digits.joblib")
        X, y = joblib.load(tmp_path / "digits.joblib", mmap_mode="r")
        assert isinstance(X, np.memmap)
        with warnings_of_torch_as_errors():
            est = small().fit(X, y)
            assert est.predict(X).shape == y.shape
        assert_array_equal(X, digits[0])
        same_curves(est, small().fit(*digits))

    def test_the_data_are_not_written_to(self, digits):
        X, y = digits[0].copy(), digits[1].copy()
        small().fit(X, y).predict(X)
        assert_array_equal(X, digits[0])
        assert_array_equal(y, digits[1])

    def test_double_precision_data_give_the_same_answer(self, digits):
        X, y = digits
        same_curves(small().fit(X.astype(float), y), small().fit(X, y))

    def test_images_may_be_flat_or_not(self, digits):
        X, y = digits
        images = X.reshape(-1, 1, 8, 8)
        flat, shaped = small(NETS["cnn"]).fit(X, y), small(NETS["cnn"]).fit(images, y)
        same_curves(flat, shaped)
        assert_array_equal(flat.predict(X), shaped.predict(images))

    def test_image_shape_reaches_the_convolution(self, digits):
        X, y = digits
        net = clone(NETS["cnn"]).set_params(module__image_shape=(1, 4, 16))
        est = small(net).fit(X, y)
        assert est.estimator_.module_.image_shape == (1, 4, 16)
        guessed = small(default_net("cnn")).fit(X, y)
        assert guessed.estimator_.module_.image_shape == (1, 8, 8)

    def test_sorted_labels_are_taken_in_mixed(self, three_digits):
        X, y = three_digits
        order = np.argsort(y, kind="stable")
        sorted_, mixed = small().fit(X[order], y[order]), small().fit(X, y)
        first_batch = sorted_.train_indices_[: sorted_.batch_size_]
        assert set(y[order][first_batch]) == {0, 1, 2}
        assert set(y[order][sorted_.validation_indices_]) == {0, 1, 2}
        assert_allclose(sorted_.score_curve_, mixed.score_curve_, atol=0.2)
        assert (sorted_.verdict_ == "has not learnt") == (
            mixed.verdict_ == "has not learnt"
        )

    def test_every_class_is_in_every_early_training_set(self, digits):
        X, y = digits
        order = np.argsort(y, kind="stable")
        est = small(schedule=[1]).fit(X[order], y[order])
        # 20 samples of ten classes: nearly two of each.
        seen = y[order][est.train_indices_[: 2 * est.batch_size_]]
        assert set(seen) == set(range(10))


@contextmanager
def warnings_of_torch_as_errors():
    # Otherwise torch warns once in a process, and perhaps in another test.
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*not writable")
            yield
    finally:
        torch.set_warn_always(False)


def state_of_the_process():
    numpy_state = np.random.get_state()
    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": (numpy_state[0], numpy_state[1].tolist(), *numpy_state[2:]),
        "python": random.getstate(),
        "dtype": torch.get_default_dtype(),
        "threads": torch.get_num_threads(),
        "denormals": float(torch.tensor(1e-39) * 1.0),
        "gradients": torch.is_grad_enabled(),
        "precision": torch.get_float32_matmul_precision(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "anomaly": torch.is_anomaly_enabled(),
    }


class TestTheCallersProcess:
    @pytest.fixture(params=[False, True], ids=["denormals kept", "denormals flushed"])
    def denormals(self, request):
        before = float(torch.tensor(1e-39) * 1.0) == 0
        torch.set_flush_denormal(request.param)
        yield request.param
        torch.set_flush_denormal(before)

    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    def test_fit_leaves_it_as_it_was(self, digits, training, denormals):
        before = state_of_the_process()
        assert (before["denormals"] == 0) == denormals
        est = small(training=training).fit(*digits)
        est.predict(digits[0])
        est.summary()
        assert state_of_the_process() == before

    def test_partial_fit_leaves_it_as_it_was(self, digits):
        X, y = digits
        before = state_of_the_process()
        small().partial_fit(X[:100], y[:100]).partial_fit(X[100:], y[100:])
        assert state_of_the_process() == before

    def test_gradients_may_be_off(self, digits):
        with torch.no_grad():
            est = small().fit(*digits)
            assert not torch.is_grad_enabled()
        same_curves(est, small().fit(*digits))


class TestRepetition:
    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    def test_the_same_seed_gives_the_same_answer(self, net, digits, training):
        est = small(net, training=training)
        first = clone(est).fit(*digits)
        torch.rand(5), np.random.rand(5)
        second = clone(est).fit(*digits)
        same_curves(first, second)
        same_weights(first.estimator_, second.estimator_)
        assert_array_equal(first.eigenvalues_, second.eigenvalues_)
        assert_array_equal(first.train_indices_, second.train_indices_)
        assert first.n_samples_needed_ == second.n_samples_needed_
        assert first.verdict_ == second.verdict_

    def test_another_seed_gives_other_curves(self, fitted, digits):
        other = clone(fitted).set_params(random_state=1).fit(*digits)
        assert (other.bound_curve_ != fitted.bound_curve_).all()
        assert (other.train_indices_ != fitted.train_indices_).any()

    def test_a_random_state_instance_moves_on(self, digits):
        generator = np.random.RandomState(0)
        est = small(random_state=generator)
        first = est.fit(*digits).bound_curve_
        assert_array_equal(first, small(random_state=0).fit(*digits).bound_curve_)
        assert (est.fit(*digits).bound_curve_ != first).all()

    @pytest.mark.parametrize("training", ["update", "restart"])
    def test_the_net_at_k_does_not_depend_on_the_schedule(self, digits, training):
        measure = partial(small, tol=1e-9, training=training)
        few = measure(schedule=[3, 6]).fit(*digits)
        every = measure(schedule="all").fit(*digits)
        until_six = measure(schedule=range(1, 7)).fit(*digits)
        assert_array_equal(every.batch_counts_, np.arange(1, 9))
        same_weights(few.estimator_, until_six.estimator_)
        common = np.isin(every.batch_counts_, few.batch_counts_)
        # What is smoothed along k knows its neighbours, and only the first measured
        # size is searched for copies of eigenvalues.
        along_k = {"smoothed", "smoothed_std_err", "n_products"}
        for name in few.curves_.keys() - UNREPEATABLE - along_k:
            assert_array_equal(
                every.curves_[name][common], few.curves_[name], err_msg=name
            )

    def test_a_refit_forgets_the_first_fit(self, digits):
        X, y = digits
        est = small().fit(X[:100, :32], y[:100] % 3).fit(X, y)
        same_curves(est, small().fit(X, y))
        assert est.n_features_in_ == 64
        assert_array_equal(est.classes_, np.arange(10))


class TestTwoClasses:
    @staticmethod
    def binary(**changes):
        return NeuralNetBinaryClassifier(
            MLP,
            module__hidden_sizes=(8,),
            optimizer=torch.optim.Adam,
            lr=0.02,
            batch_size=16,
            verbose=0,
            **changes,
        )

    def test_one_logit_predicts_labels(self, yes_or_no):
        X, y = yes_or_no
        net = self.binary(criterion=nn.BCEWithLogitsLoss, module__n_outputs=1)
        est = small(net).fit(X, y)
        assert est.score(X, y) > 0.85
        assert set(est.predict(X)) == {"no", "yes"}
        probabilities = est.predict_proba(X)
        assert probabilities.shape == (200, 2)
        assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        best = est.classes_[probabilities.argmax(axis=1)]
        assert_array_equal(best, est.predict(X))
        assert (est.delta_curve_ > 0).all()

    def test_one_logit_is_the_number_of_outputs_a_binary_net_asks_for(self, yes_or_no):
        assert small(self.binary()).fit(*yes_or_no).score(*yes_or_no) > 0.85

    def test_two_logits_do_as_well(self, yes_or_no):
        assert small().fit(*yes_or_no).score(*yes_or_no) > 0.85


class TestRegression:
    def test_predictions_come_in_their_own_unit(self, targets):
        X, y = targets[0], 1e5 * targets[1][:, 0] + 7e6
        est = linear().fit(X, y)
        assert est.predict(X).shape == y.shape
        assert np.abs(est.predict(X) - y).mean() < 0.3 * y.std()
        assert est.score(X, y) == r2_score(y, est.predict(X))
        assert est.score(X, y) > 0.9

    def test_several_targets_keep_their_columns(self, targets):
        X, y = targets[0], targets[1] * [1e5, 1e-3]
        est = linear().fit(X, y)
        assert est.predict(X).shape == y.shape
        assert_allclose(est.score(X, y), r2_score(y, est.predict(X)))
        assert min(r2_score(y, est.predict(X), multioutput="raw_values")) > 0.9

    def test_one_column_stays_a_column(self, targets):
        X, y = targets[0], targets[1][:, :1]
        assert linear().fit(X, y).predict(X).shape == y.shape

    def test_the_answer_does_not_depend_on_the_unit(self, targets):
        X, y = targets
        metres, kilometres = linear().fit(X, y), linear().fit(X, y / 1e3 + 5)
        assert_allclose(metres.bound_curve_, kilometres.bound_curve_, rtol=1e-2)
        assert_allclose(
            metres.n_samples_needed_, kilometres.n_samples_needed_, rtol=1e-2
        )

    def test_there_are_no_classes_and_no_probabilities(self, targets):
        est = linear().fit(*targets)
        assert not hasattr(est, "predict_proba")
        assert not hasattr(est, "classes_")

    def test_whole_numbers_are_targets_not_labels(self, targets):
        X, y = targets
        est = linear().fit(X, y[:, 0].round().astype(int))
        assert est.predict(X).dtype.kind == "f"

    def test_it_can_be_stored(self, targets):
        est = linear().fit(*targets)
        loaded = pickle.loads(pickle.dumps(est))
        assert_array_equal(loaded.predict(targets[0]), est.predict(targets[0]))


class TestLabellingSession:
    @staticmethod
    def follow(est, X, y, n_batches=4):
        parts = zip(*(np.array_split(a, n_batches) for a in (X, y)), strict=True)
        for k, (X_new, y_new) in enumerate(parts, start=1):
            yield k, est.partial_fit(X_new, y_new)

    def test_every_batch_updates_the_answer(self, digits):
        est, sizes, scores = small(), [], []
        for _, answer in self.follow(est, *digits):
            assert answer is est
            sizes.append(est.train_sizes_[-1])
            scores.append(est.score(*digits))
            assert est.n_samples_needed_ > 0
            assert isinstance(est.converged_, bool)
            assert len(est.bound_curve_) == len(est.train_sizes_)
            assert est.verdict_ in est.summary()
        # The batch that has just come in tells about the size before it.
        assert sizes == [40, 40, 80, 120]
        assert_array_equal(est.train_sizes_, [40, 80, 120])
        assert scores[-1] > max(0.6, scores[0])

    def test_a_session_repeats_itself(self, digits):
        (*_, (_, first)), (*_, (_, second)) = (
            self.follow(small(), *digits) for _ in range(2)
        )
        same_curves(first, second)
        same_weights(first.estimator_, second.estimator_)

    def test_a_stored_session_goes_on_where_it_was(self, digits):
        est = small()
        for k, _ in self.follow(est, *digits):
            if k == 3:
                break
        loaded = pickle.loads(pickle.dumps(est))
        last = [np.array_split(part, 4)[3] for part in digits]
        same_curves(est.partial_fit(*last), loaded.partial_fit(*last))
        same_weights(est.estimator_, loaded.estimator_)

    def test_classes_of_the_first_call_may_come_later(self, digits):
        X, y = digits
        early = y < 5
        est = small().partial_fit(X[early], y[early], classes=np.arange(10)[::-1])
        assert_array_equal(est.classes_, np.arange(10))
        assert est.predict_proba(X).shape == (200, 10)
        est.partial_fit(X[~early], y[~early])
        assert set(est.predict(X[~early])) & set(range(5, 10))

    def test_words_are_labels_here_too(self, three_digits):
        X, codes = three_digits
        words = LABELS["strings"][codes]
        est = small()
        for _ in self.follow(est, X, words, 2):
            pass
        assert est.score(X, words) > 0.7

    def test_unknown_labels_are_refused_and_the_session_goes_on(self, digits):
        X, y = digits
        est = small().partial_fit(X[:100], y[:100])
        with pytest.raises(ValueError, match=r"not among the classes: 77"):
            est.partial_fit(X[100:], np.where(y[100:] == 3, 77, y[100:]))
        est.partial_fit(X[100:], y[100:])
        undisturbed = small().partial_fit(X[:100], y[:100])
        same_curves(est, undisturbed.partial_fit(X[100:], y[100:]))

    def test_another_number_of_features_is_refused(self, digits):
        X, y = digits
        est = small().partial_fit(X[:100], y[:100])
        with pytest.raises(ValueError, match="63 features"):
            est.partial_fit(X[100:, 1:], y[100:])
        est.partial_fit(X[100:], y[100:])

    def test_fit_forgets_the_session(self, digits):
        est = small()
        for _ in self.follow(est, *digits):
            pass
        same_curves(est.fit(*digits), small().fit(*digits))
        est.partial_fit(*digits)
        same_curves(est, small().partial_fit(*digits))
        assert not hasattr(est, "train_indices_")

    def test_a_clone_starts_a_new_session(self, digits):
        est = small()
        for _ in self.follow(est, *digits):
            pass
        same_curves(clone(est).partial_fit(*digits), small().partial_fit(*digits))

    def test_regression_targets_come_in_batches_too(self, targets):
        X, y = targets[0], targets[1] * [1e5, 1e-3]
        est = linear()
        for _ in self.follow(est, X, y):
            pass
        assert est.predict(X).shape == y.shape
        assert est.score(X, y) > 0.8
