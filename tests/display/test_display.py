"""What is drawn. Oracle: the numbers of the estimator, or those that were given."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_regression
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetBinaryClassifier, NeuralNetRegressor

from sufficient import MLP, SampleSizeEstimator
from sufficient.display import LandscapeDisplay, SampleSizeDisplay, SpectrumDisplay
from sufficient.nets import default_net
from tests.display.numbers import N, labels, numbers
from tests.small import STEPWISE, small

DISPLAYS = [SampleSizeDisplay, SpectrumDisplay, LandscapeDisplay]
QUICK = {"n_directions": 2, "random_state": 0, **STEPWISE}


@pytest.fixture(scope="module")
def regression():
    X, y = make_regression(200, 5, noise=5.0, random_state=0)
    return X.astype(np.float32), y


@pytest.fixture(scope="module")
def linear(regression):
    net = NeuralNetRegressor(
        MLP, module__hidden_sizes=(), optimizer=torch.optim.Adam, lr=0.01
    )
    return SampleSizeEstimator(net, schedule=[2, 4, 6, 8], **QUICK).fit(*regression)


@pytest.mark.parametrize("display", DISPLAYS)
def test_unfitted(display, many_digits):
    data = many_digits if display is LandscapeDisplay else ()
    with pytest.raises(NotFittedError):
        display.from_estimator(SampleSizeEstimator(), *data)


def test_sample_size_stores_the_numbers_of_the_estimator(fitted):
    display = SampleSizeDisplay.from_estimator(fitted)
    for name, attribute in {
        "train_sizes": "train_sizes_",
        "delta": "delta_curve_",
        "delta_std_err": "delta_std_err_",
        "bound": "bound_curve_",
        "bound_std_err": "bound_std_err_",
        "rate": "rate_",
        "n_samples_needed": "n_samples_needed_",
        "n_samples_needed_interval": "n_samples_needed_interval_",
        "scores": "score_curve_",
        "score_forecast": "score_forecast_",
        "batch_size": "batch_size_",
        "converged": "converged_",
    }.items():
        assert_array_equal(getattr(display, name), getattr(fitted, attribute))
    assert_array_equal(display.smoothed, fitted.curve_.forecast.smoothed)
    assert (display.tol, display.bound_name) == (fitted.tol, fitted.bound)
    assert (display.score_name, display.estimator_name) == ("accuracy", "MLP")


def test_sample_size_draws_the_numbers(fitted):
    display = SampleSizeDisplay.from_estimator(fitted)
    delta, bound, smoothed = display.lines_
    assert_array_equal(delta.get_ydata(), fitted.delta_curve_)
    assert_array_equal(bound.get_ydata(), fitted.bound_curve_)
    assert_array_equal(smoothed.get_ydata(), fitted.curves_["smoothed"])
    assert len(display.fill_between_) == 4
    assert_array_equal(display.errorbar_[0].lines[0].get_ydata(), fitted.score_curve_)


def test_numbers_suffice():
    display = SampleSizeDisplay(**numbers())
    assert display.plot() is display
    assert display.axes_.shape == (2,)
    assert display.ax_.get_xlabel() == ""
    assert display.axes_[1].get_xlabel() == "training samples"
    assert "n* = 640 samples" in labels(display.ax_)
    assert "90 %: 580 to 700" in labels(display.ax_)


def test_the_band_of_the_forecast_holds_what_the_forecast_says():
    forecast = numbers()["score_forecast"]
    display = SampleSizeDisplay(**numbers(score_forecast=forecast)).plot()
    edge = display.fill_between_[-1].get_paths()[0].vertices
    for n in (1024, 2048, 4096):
        at_n = edge[np.isclose(edge[:, 0], n), 1]
        assert_allclose([at_n.min(), at_n.max()], forecast.score_at(n)[1])
    assert_allclose(edge[:, 0].max(), 4 * N[-1])


def test_without_a_forecast_none_is_drawn():
    display = SampleSizeDisplay(**numbers(score_forecast=None)).plot()
    assert len(display.fill_between_) == 2


def test_not_converged_carries_the_power_law_to_the_forecast():
    open_ended = numbers(
        converged=False,
        tol=4e4 / 4096**2,
        n_samples_needed=4096,
        n_samples_needed_interval=(3000, 6000),
    )
    display = SampleSizeDisplay(**open_ended).plot()
    assert "forecast n* = 4,096 samples" in labels(display.ax_)
    (beyond,) = (
        line for line in display.ax_.lines if list(line.get_xdata()) == [1024, 4096]
    )
    assert_allclose(beyond.get_ydata(), [4e4 / 1024**2, open_ended["tol"]])
    assert display.ax_.get_xlim()[1] > 6000


def test_a_far_forecast_is_said_and_not_drawn():
    far = numbers(
        converged=False, n_samples_needed=10**12, n_samples_needed_interval=(1, 10**12)
    )
    display = SampleSizeDisplay(**far).plot()
    assert "n* far beyond the data" in labels(display.ax_)
    assert display.ax_.get_xlim()[1] < 5 * N[-1]


def test_rate_multiplies_by_the_squared_batch_count(fitted):
    display = SampleSizeDisplay.from_estimator(fitted, kind="rate")
    expected = fitted.delta_curve_ * fitted.batch_counts_**2
    assert_allclose(display.lines_[0].get_ydata(), expected)
    assert len(display.axes_) == 1


def test_monte_carlo_bound_is_drawn_once():
    same = numbers(bound_name="monte_carlo")
    assert len(SampleSizeDisplay(**same).plot().lines_) == 2


def test_bands_may_reach_below_zero_or_be_unknown():
    wide = numbers(delta_std_err=np.full(4, 9.0), bound_std_err=np.full(4, np.nan))
    display = SampleSizeDisplay(**wide).plot()
    display.figure_.canvas.draw()
    assert display.ax_.get_ylim()[0] > 1e-4


def test_one_given_axes_takes_the_landscape():
    figure, ax = plt.subplots()
    display = SampleSizeDisplay(**numbers()).plot(ax)
    assert (display.ax_, display.figure_) == (ax, figure)
    assert display.errorbar_ == []
    assert plt.get_fignums() == [figure.number]


def test_two_given_axes_take_both_panels():
    _, axes = plt.subplots(1, 2)
    display = SampleSizeDisplay(**numbers()).plot(axes)
    assert_array_equal(display.axes_, axes)
    assert len(display.errorbar_) == 1


def test_wrong_axes_and_wrong_kind():
    display = SampleSizeDisplay(**numbers())
    with pytest.raises(ValueError, match="2 panels, got 3 axes"):
        display.plot(plt.subplots(3)[1])
    with pytest.raises(ValueError, match="kind must be one of"):
        display.plot(kind="beta")


def test_spectrum(fitted):
    display = SpectrumDisplay.from_estimator(fitted)
    assert_array_equal(display.eigenvalues, fitted.eigenvalues_)
    assert_array_equal(display.eigenvalue_shifts, fitted.curve_.eigenvalue_shifts)
    drawn = np.column_stack([line.get_ydata() for line in display.lines_[:6]])
    assert_array_equal(drawn[:, :3], fitted.eigenvalues_)
    assert_array_equal(drawn[:, 3:], np.abs(fitted.curve_.eigenvalue_shifts))
    assert display.ax_.get_yscale() == "log"


def test_negative_eigenvalues_are_not_hidden():
    values = np.column_stack([1e3 / N, -1 / N])
    display = SpectrumDisplay(
        train_sizes=N, eigenvalues=values, eigenvalue_shifts=values / 10
    )
    _, axes = plt.subplots(2)
    assert display.plot(axes) is display
    assert display.ax_ is axes[0]
    assert display.ax_.get_yscale() == "symlog"
    assert display.ax_.get_ylim()[0] < values.min()


def test_centre_of_the_landscape_is_the_mean_loss(fitted, many_digits):
    X, y = many_digits
    display = LandscapeDisplay.from_estimator(fitted, X, y, n_grid=3, batch_counts=[2])
    order, size = fitted.train_indices_, fitted.batch_size_
    means = []
    for k in (2, 3):
        rows = order[: k * size]
        with torch.no_grad():
            logits = fitted.estimator_.module_.eval()(torch.as_tensor(X[rows]))
        codes = torch.as_tensor(np.searchsorted(fitted.classes_, y[rows]))
        means.append(torch.nn.functional.cross_entropy(logits, codes).item())
    assert_allclose(display.losses[0, 1, 1], means[0], rtol=1e-5)
    assert_allclose(display.increments[0, 1, 1], means[1] - means[0], atol=1e-6)
    assert_array_equal(display.train_sizes, [2 * size])


def test_landscape_of_a_linear_model_is_its_quadratic(linear, regression):
    k = linear.batch_counts_[-1]
    display = LandscapeDisplay.from_estimator(
        linear, *regression, batch_counts=[k], radius=2.0, n_grid=5
    )
    surface, theta = display.losses[0], display.offsets
    even = (surface + surface[::-1, ::-1]) / 2 - surface[2, 2]
    first, second = linear.eigenvalues_[-1]
    expected = (first * theta[:, None] ** 2 + second * theta**2) / 2
    assert_allclose(even, expected, rtol=1e-3, atol=1e-4)


def test_landscape_is_the_same_in_small_chunks(fitted, many_digits, monkeypatch):
    settings = {"n_grid": 3, "radius": 0.5}
    whole = LandscapeDisplay.from_estimator(fitted, *many_digits, **settings)
    monkeypatch.setattr("sufficient.landscape.surfaces.CHUNK", 7)
    parts = LandscapeDisplay.from_estimator(fitted, *many_digits, **settings)
    assert_allclose(parts.losses, whole.losses, rtol=1e-5)
    assert_array_equal(whole.train_sizes, fitted.batch_size_ * np.array([2, 4, 5]))
    assert whole.axes_.shape == (2, 3)


def test_the_next_batch_after_the_last_is_held_out(fitted, many_digits):
    n_batches = len(fitted.train_indices_) // fitted.batch_size_
    display = LandscapeDisplay.from_estimator(
        fitted, *many_digits, n_grid=3, batch_counts=[n_batches]
    )
    assert np.isfinite(display.increments).all()


def test_a_subset_holds_no_held_out_samples(many_digits):
    X, y = many_digits
    est = small(batch_size=50, schedule=[2]).fit(X, y)
    n_train = len(est.train_indices_)
    assert n_train % 50 and len(X) - n_train > 50
    last = -(-n_train // 50)
    display = LandscapeDisplay.from_estimator(est, X, y, n_grid=3, batch_counts=[last])
    assert_array_equal(display.train_sizes, [n_train])
    rows = est.train_indices_
    with torch.no_grad():
        logits = est.estimator_.module_.eval()(torch.as_tensor(X[rows]))
    codes = torch.as_tensor(np.searchsorted(est.classes_, y[rows]))
    loss = torch.nn.functional.cross_entropy(logits, codes).item()
    assert_allclose(display.losses[0, 1, 1], loss, rtol=1e-5)
    with pytest.raises(ValueError, match=f"between 1 and {last},"):
        LandscapeDisplay.from_estimator(est, X, y, batch_counts=[last + 1])


def test_landscape_of_a_pipeline_gets_what_its_net_got(many_digits):
    X, y = many_digits
    pipeline = make_pipeline(StandardScaler(), small()).fit(X, y)
    given = {"n_grid": 3, "batch_counts": [2]}
    whole = LandscapeDisplay.from_estimator(pipeline, X, y, **given)
    scaled = pipeline[0].transform(X)
    last = LandscapeDisplay.from_estimator(pipeline[-1], scaled, y, **given)
    assert_array_equal(whole.losses, last.losses)


def test_default_counts_leave_a_next_batch(many_digits):
    net = default_net("mlp", module__hidden_sizes=(4,))
    few_held_out = SampleSizeEstimator(
        net,
        batch_size=90,
        validation_fraction=0.05,
        schedule=[2, 3, 4],
        update_epochs=1,
        **QUICK,
    ).fit(*many_digits)
    display = LandscapeDisplay.from_estimator(few_held_out, *many_digits, n_grid=3)
    assert_array_equal(display.train_sizes, [180, 270])


def test_landscape_leaves_the_net_as_it_was(fitted, many_digits):
    module = fitted.estimator_.module_.train()
    before = [parameter.clone() for parameter in module.parameters()]
    LandscapeDisplay.from_estimator(fitted, *many_digits, n_grid=3)
    assert module.training
    for old, new in zip(before, module.parameters(), strict=True):
        assert torch.equal(old, new)


def test_landscape_from_numbers_with_given_axes():
    theta = np.linspace(-1, 1, 5)
    flat = np.zeros((1, 5, 5))
    display = LandscapeDisplay(
        offsets=theta, losses=flat, increments=flat, train_sizes=N[:1]
    )
    _, axes = plt.subplots(2, 1)
    assert display.plot(axes) is display
    assert display.ax_ is axes[0]
    with pytest.raises(ValueError, match="2 panels, got 1 axes"):
        display.plot(axes[0])


def test_landscape_first_direction_is_horizontal():
    theta = np.linspace(-1, 1, 5)
    along_first = np.broadcast_to(theta[:, None], (1, 5, 5))
    display = LandscapeDisplay(
        offsets=theta, losses=along_first, increments=along_first, train_sizes=N[:1]
    ).plot()
    extents = [
        path.get_extents() for path in display.contours_[0].get_paths() if len(path)
    ]
    assert min(extent.height for extent in extents) == 2


def test_landscape_refuses_other_data(fitted, many_digits):
    X, y = many_digits
    with pytest.raises(ValueError, match="was fitted on 400"):
        LandscapeDisplay.from_estimator(fitted, X[:-1], y[:-1])
    with pytest.raises(ValueError, match="features"):
        LandscapeDisplay.from_estimator(fitted, X[:, :-1], y)
    with pytest.raises(ValueError, match="batch_counts must be between 1 and"):
        LandscapeDisplay.from_estimator(fitted, X, y, batch_counts=[10_000])


def test_landscape_needs_fit_and_two_directions(many_digits):
    X, y = many_digits
    net = default_net("mlp", module__hidden_sizes=(4,))
    session = SampleSizeEstimator(net, update_epochs=1, **QUICK)
    session.partial_fit(X[:50], y[:50], classes=np.unique(y))
    with pytest.raises(ValueError, match="Call fit"):
        LandscapeDisplay.from_estimator(session, X, y)
    assert SampleSizeDisplay.from_estimator(session).axes_.shape == (2,)
    narrow = SampleSizeEstimator(net, schedule=[2], **{**QUICK, "n_directions": 1})
    with pytest.raises(ValueError, match="n_directions >= 2"):
        LandscapeDisplay.from_estimator(narrow.fit(X, y), X, y)


def test_landscape_of_one_logit(many_digits):
    X, y = many_digits
    net = NeuralNetBinaryClassifier(MLP, module__hidden_sizes=(4,), module__n_outputs=1)
    binary = SampleSizeEstimator(net, schedule=[2, 3], **QUICK)
    binary.fit(X, y % 2)
    display = LandscapeDisplay.from_estimator(binary, X, y % 2, n_grid=3)
    assert_allclose(
        display.losses[-1, 1, 1], binary.curves_["train_loss"][-1], rtol=1e-4
    )
