"""Saved and loaded. Oracle: the estimator that was saved."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_regression
from skorch import NeuralNetBinaryClassifier

from sufficient import MLP, SampleSizeEstimator
from sufficient.nets import default_net
from tests.storage.fits import NET, NETS, X, Y, assert_same, fit, no_pickle, stepwise


class TestSavedAndLoaded:
    @pytest.mark.parametrize("name", [None, "mlp", "cnn"])
    def test_a_net_by_name(self, name, tmp_path, monkeypatch):
        est = fit(stepwise(name))
        with no_pickle(monkeypatch):
            est.save(tmp_path)
            loaded = SampleSizeEstimator.load(str(tmp_path))
        self.check(est, loaded)
        assert loaded.get_params() == est.get_params()

    @pytest.mark.parametrize("name", NETS)
    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    def test_a_net_of_the_user(self, name, training, tmp_path, monkeypatch):
        est = fit(stepwise(NETS[name], training=training))
        with no_pickle(monkeypatch):
            est.save(tmp_path)
            loaded = SampleSizeEstimator.load(tmp_path, estimator=NETS[name])
        self.check(est, loaded)

    def test_a_binary_net_and_labels_of_words(self, tmp_path):
        net = NeuralNetBinaryClassifier(
            MLP, module__hidden_sizes=(8,), optimizer=torch.optim.Adam, lr=0.02
        )
        y = np.where(Y < 5, "small", "large")
        est = fit(stepwise(net), X, y.astype(object))
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=net)
        self.check(est, loaded)
        assert loaded.score(X, y) == est.score(X, y)

    def test_a_regressor(self, tmp_path):
        X, y = make_regression(160, 5, noise=1.0, random_state=0)
        net = default_net("mlp", regression=True, module__hidden_sizes=(), lr=0.05)
        est = fit(stepwise(net), X, y)
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=net)
        assert_same(est, loaded, X)
        assert loaded.score(X, y) == est.score(X, y)

    @staticmethod
    def check(est, loaded):
        assert_same(est, loaded)
        assert_array_equal(est.predict_proba(X), loaded.predict_proba(X), strict=True)
        assert vars(est).keys() == vars(loaded).keys()
        one, other = est.plateau_, loaded.plateau_
        assert_array_equal(one.relative_shifts, other.relative_shifts, strict=True)
        assert one.n_samples == other.n_samples
        aside = {"curve_", "curves_", "estimator_", "plateau_"}
        forecasts = {"score_forecast_", "loss_forecast_"}
        for name in {n for n in vars(est) if n.endswith("_")} - aside - forecasts:
            one, other = getattr(est, name), getattr(loaded, name)
            if isinstance(one, np.ndarray):
                assert_array_equal(one, other, err_msg=name)
            else:  # tuples may hold None and NaN
                assert repr(one) == repr(other), name
        for name in forecasts:
            one, other = getattr(est, name), getattr(loaded, name)
            assert (one is None) == (other is None)
            if one is not None:
                assert_array_equal(one.draws, other.draws, strict=True)
            assert np.asarray(one).dtype == np.asarray(other).dtype

    @pytest.mark.parametrize(
        "net", [None, "cnn", NETS["noisy"]], ids=["mlp", "cnn", "noisy"]
    )
    @pytest.mark.parametrize("training", ["update", "restart"])
    def test_a_labelling_session(self, net, training, tmp_path, monkeypatch):
        est = stepwise(net, training=training, random_state=np.random.RandomState(3))
        loaded = None
        for start in range(0, 200, 40):
            batch = slice(start, start + 40)
            est.partial_fit(X[batch], Y[batch], classes=range(10))
            if start:
                loaded.partial_fit(X[batch], Y[batch])
                assert_same(est, loaded)
            with no_pickle(monkeypatch):
                (loaded or est).save(tmp_path)
                given = None if isinstance(net, str | None) else net
                loaded = SampleSizeEstimator.load(tmp_path, estimator=given)
            assert_same(est, loaded)

    def test_names_of_features_and_random_states(self, tmp_path):
        pd = pytest.importorskip("pandas")
        generator = np.random.RandomState(5)
        est = fit(
            stepwise(None, random_state=generator, schedule=range(1, 3)),
            pd.DataFrame(X).add_prefix("pixel "),
        )
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path)
        assert_array_equal(loaded.feature_names_in_, est.feature_names_in_)
        assert loaded.random_state.rand() == generator.rand()
        assert loaded.schedule == [1, 2]

    def test_pictures_can_be_drawn(self, tmp_path):
        pytest.importorskip("matplotlib").use("Agg")
        from sufficient import LandscapeDisplay, SampleSizeDisplay, SpectrumDisplay

        est = fit(stepwise(None))
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path)
        SampleSizeDisplay.from_estimator(loaded)
        SpectrumDisplay.from_estimator(loaded)
        LandscapeDisplay.from_estimator(loaded, X, Y)

    def test_the_net_has_to_be_the_same(self, tmp_path):
        fit(stepwise()).save(tmp_path)
        with pytest.raises(ValueError, match=r"load\(path, estimator=net\)"):
            SampleSizeEstimator.load(tmp_path)
        other = clone(NET).set_params(module__hidden_sizes=(9,))
        with pytest.raises(ValueError, match=r"hidden_sizes is \(8\) there and \(9\)"):
            SampleSizeEstimator.load(tmp_path, estimator=other)

    def test_an_instance_has_to_have_the_weights_it_had(self, tmp_path):
        layer, other = (torch.nn.Linear(X.shape[1], 10) for _ in range(2))
        before = {name: value.clone() for name, value in layer.state_dict().items()}
        est = fit(stepwise(layer))
        est.save(tmp_path)
        with pytest.raises(ValueError, match="give it the same state_dict"):
            SampleSizeEstimator.load(tmp_path, estimator=other)
        other.load_state_dict(before)
        self.check(est, SampleSizeEstimator.load(tmp_path, estimator=other))

    def test_a_net_by_name_needs_none(self, tmp_path):
        fit(stepwise(None)).save(tmp_path)
        with pytest.raises(ValueError, match="leave estimator= out"):
            SampleSizeEstimator.load(tmp_path, estimator=NET)

    def test_a_missing_folder_and_an_empty_one_are_told(self, tmp_path):
        for path in (tmp_path, tmp_path / "none"):
            with pytest.raises(FileNotFoundError, match="ever saved in"):
                SampleSizeEstimator.load(path)

    def test_a_device_that_is_not_there_can_be_changed(self, tmp_path):
        est = fit(stepwise(None))
        est.device = "no such device"
        est.save(tmp_path)
        with pytest.raises(ValueError, match="not there"):
            SampleSizeEstimator.load(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, device="cpu")
        assert_array_equal(loaded.predict(X), est.predict(X))
