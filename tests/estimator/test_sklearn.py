"""The estimator among its neighbours. Oracles: scikit-learn's checks and manners."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from torch import nn

from sufficient import MLP, SampleSizeEstimator, sample_size_curve, sample_size_scorer
from sufficient.estimator.by_class import ByClassMixin
from sufficient.nets import default_net
from tests.estimator.nets import NETS
from tests.same import assert_same_columns, assert_same_curves
from tests.small import STEPWISE, small

REGRESSION = default_net("mlp", regression=True)
QUICK = {"n_directions": 3, "n_monte_carlo": 8, **STEPWISE}


class OfNumbers(SampleSizeEstimator):
    """Is the same in print in every process, which a net is not: it prints a set."""

    def __repr__(self, N_CHAR_MAX=700):
        return "OfNumbers()"


# A weight of 2 is a sample that is there twice for the loss, but not for the
# permutation, the size of a batch and the number of steps: those count samples.
EXPECTED_TO_FAIL = {
    f"check_sample_weight_equivalence_on_{kind}_data": "other samples are held out"
    for kind in ("dense", "sparse")
}


@parametrize_with_checks(
    [SampleSizeEstimator(**QUICK), OfNumbers(REGRESSION, **QUICK)],
    expected_failed_checks=lambda estimator: EXPECTED_TO_FAIL,
)
def test_estimator_keeps_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [SampleSizeEstimator(), OfNumbers(REGRESSION)],
    expected_failed_checks=lambda estimator: EXPECTED_TO_FAIL,
)
def test_so_does_the_default_training(estimator, check):
    check(estimator)


class TestParameters:
    def test_what_is_printed_are_those_that_were_changed(self):
        est = SampleSizeEstimator("mlp", min_gain=0.02, random_state=0)
        printed = "SampleSizeEstimator(estimator='mlp', min_gain=0.02, random_state=0)"
        assert repr(est) == printed

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
        assert_same_curves(fitted, clone(fitted).fit(*digits))

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
        assert_same_columns(curve.columns, fitted.curves_)


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
        # Those computed when they are first read are properties of the class.
        names = {*vars(est), *vars(ByClassMixin)}
        there = {n for n in names if n.endswith("_") and not n.startswith("_")}
        # Samples wait in a labelling session only, and a regressor has bins.
        assert there | {"n_waiting_", "bin_edges_"} == set(
            self.documented("Attributes")
        )

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
        assert_same_curves(clone(est).fit(*digits), est.fit(*digits))

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


class TestCompany:
    def test_works_behind_a_scaler(self, net, digits):
        X, y = digits
        pipe = make_pipeline(StandardScaler(), small(net)).fit(X * 1000 + 5, y)
        assert pipe.score(X * 1000 + 5, y) > 0.6
        needed = pipe[-1].n_samples_needed_ or pipe[-1].curve_.forecast.crossing
        assert sample_size_scorer(pipe, X, y) == -needed

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
        assert_same_curves(best, search.best_estimator_)

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
