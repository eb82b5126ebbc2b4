"""The panels of scores and classes. Oracles: the forecast, and what was measured."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_regression
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sufficient import forecast_scores, repeat_sample_size
from sufficient.decision.class_scores import ClassScores
from sufficient.display import SampleSizeDisplay, SpectrumDisplay
from sufficient.many_fits.repeats import RepeatedSampleSize
from sufficient.nets import default_net
from sufficient.results import Gain
from tests.display.numbers import N, labels, numbers
from tests.small import SEEDED, small, small_net

SCORES = 1 - 10 / N


@pytest.fixture
def by_class():
    """Three classes, the second of which has no held-out sample."""
    scores = np.array([[0.7, np.nan, 0.5], [0.9, np.nan, 0.6]])
    n = np.array([[40, 0, 20]] * 2)
    return ClassScores(np.array(["a", "b", r"$\c$"]), N[-2:], scores, n, 5 * n)


def edges(band, n):
    """Lower and upper edge of a band at a size that it was drawn for."""
    vertices = band.get_paths()[0].vertices
    at_n = vertices[np.isclose(vertices[:, 0], n), 1]
    return at_n.min(), at_n.max()


@pytest.mark.parametrize("n", [128, 1024, 2048, 4096])
def test_bands_hold_half_and_nine_tenths_of_the_draws(n):
    forecast = numbers()["score_forecast"]
    display = SampleSizeDisplay(**numbers()).plot(kind="score")
    half, most = display.fill_between_
    at = np.isclose(forecast.n * 2**forecast.doublings, n)
    assert_allclose(edges(half, n), np.quantile(forecast.draws[:, at], (0.25, 0.75)))
    assert_allclose(edges(most, n), forecast.score_at(n)[1])
    assert len(display.axes_) == 1 and display.lines_ == []


def test_a_target_is_drawn_where_the_forecast_meets_it():
    forecast = forecast_scores(N, SCORES, n_held_out=1000)
    needed = forecast.samples_for(0.975, 0.6)
    display = SampleSizeDisplay.from_scores(forecast, target=0.975, assurance=0.6)
    drawn = [list(line.get_xdata()) for line in display.ax_.lines]
    assert [needed, needed] in drawn
    assert f"0.975 in 60 % of fits: {needed:,} samples" in labels(display.ax_)


def test_a_target_beyond_the_forecast_is_said_without_a_warning(recwarn):
    display = SampleSizeDisplay(**numbers()).plot(kind="score", target=0.9999)
    assert any("more than 16 times the data" in each for each in labels(display.ax_))
    assert not [w for w in recwarn if "not reached" in str(w.message)]


def test_a_far_target_widens_the_panel_and_is_called_rough():
    forecast = numbers()["score_forecast"]
    target = forecast.score_at(8 * N[-1])[0]
    with pytest.warns(UserWarning, match="order of magnitude"):
        needed = forecast.samples_for(target, 0.5)
    assert 4 * N[-1] < needed < 16 * N[-1]
    aim = {"target": target, "assurance": 0.5}
    display = SampleSizeDisplay(**numbers()).plot(kind="score", **aim)
    assert display.ax_.get_xlim()[1] > needed
    assert any("about" in each for each in labels(display.ax_))


def test_more_steps_and_a_wider_net_are_drawn_above_the_last_score():
    tried = {
        "gain_from_training": Gain(0.01, (0.0, 0.02)),
        "gain_from_width": Gain(-0.02, (-0.03, -0.01)),
    }
    display = SampleSizeDisplay(**numbers(**tried)).plot(kind="score")
    _, steps, width = (bars.lines[0].get_ydata()[0] for bars in display.errorbar_)
    assert_allclose([steps, width], SCORES[-1] + np.array([0.01, -0.02]))
    unknown = SampleSizeDisplay(**numbers()).plot(kind="score")
    assert len(unknown.errorbar_) == 1


@pytest.mark.parametrize(
    ("limited_by", "said"),
    [
        ("data", "more data helps; limited by: data"),
        ("cannot tell yet", "more data helps"),
        (None, "more data helps"),
    ],
    ids=str,
)
def test_the_panel_says_verdict_and_limits(limited_by, said):
    answer = {"verdict": "more data helps", "limited_by": limited_by}
    display = SampleSizeDisplay(**numbers(**answer)).plot(kind="score")
    assert display.ax_.get_title(loc="left") == said


def test_the_answer_is_that_of_the_estimator(fitted):
    display = SampleSizeDisplay.from_estimator(fitted, kind="score")
    assert display.verdict == fitted.verdict_
    assert display.limited_by == fitted.limited_by_
    assert display.gain_from_training == fitted.gain_from_training_


def test_scores_of_any_trainer():
    std_err = [0.02, 0.015, 0.01, 0.008]
    given = {"std_err": std_err, "score_range": (0, 1)}
    display = SampleSizeDisplay.from_scores(N, SCORES, score_name="F1", **given)
    expected = forecast_scores(N, SCORES, **given)
    assert_array_equal(display.score_forecast.draws, expected.draws)
    assert_array_equal(display.errorbar_[0].lines[0].get_ydata(), SCORES)
    assert display.ax_.get_ylabel() == "held-out F1"
    with pytest.raises(ValueError, match="kind='score'"):
        display.plot(kind="delta")


def test_sizes_come_in_any_order():
    display = SampleSizeDisplay.from_scores(N[::-1], SCORES[::-1])
    assert_array_equal(display.train_sizes, N)
    assert display.ax_.get_xlim()[0] < N[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((N, None), "Pass the scores"),
        ((forecast_scores(N, SCORES), SCORES), "Pass it alone"),
    ],
    ids=["no scores", "both"],
)
def test_scores_that_do_not_fit(given, message):
    with pytest.raises(ValueError, match=message):
        SampleSizeDisplay.from_scores(*given)


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("score", {"score_forecast": None}, "no forecast of the score.*Leave target"),
        ("rate", {}, "no panel of the scores.*kind='score'"),
        ("score", {"target": 97}, "Is it a percentage"),
    ],
    ids=["no forecast", "no scores", "percent"],
)
def test_a_target_that_cannot_be_drawn(kind, changes, message):
    changes = dict(changes)
    target = changes.pop("target", 0.9)
    with pytest.raises(ValueError, match=message):
        SampleSizeDisplay(**numbers(**changes)).plot(kind=kind, target=target)


def test_classes_lowest_first_and_what_twice_the_data_add(by_class):
    display = SampleSizeDisplay(**numbers(by_class=by_class)).plot(kind="classes")
    names = [tick.get_text() for tick in display.ax_.get_yticklabels()]
    assert names == [r"\$\c\$ (100)", "a (200)", "b (0)"]
    now, twice = (bars.lines[0].get_xdata() for bars in display.errorbar_)
    assert_allclose(now, [0.6, 0.9, np.nan])
    gains = [by_class.gains[c].expected for c in (2, 0)]
    assert_allclose(twice[:2], np.clip([0.6 + gains[0], 0.9 + gains[1]], 0, 1))
    assert display.ax_.get_ylim()[0] > display.ax_.get_ylim()[1]
    display.figure_.draw_without_rendering()


def test_bars_of_classes_stay_inside_the_range(by_class):
    display = SampleSizeDisplay(**numbers(by_class=by_class)).plot(kind="classes")
    for bars in display.errorbar_:
        segments = [one for one in bars.lines[2][0].get_segments() if np.ndim(one) == 2]
        ends = np.concatenate(segments)[:, 0]
        assert np.nanmin(ends) >= 0 and np.nanmax(ends) <= 1


def test_of_many_classes_the_lowest_are_shown():
    scores = np.linspace(0.9, 0.1, 50)[None]
    n = np.full((1, 50), 30)
    many = ClassScores(np.arange(50), N[-1:], scores, n, n, has_forecast=False)
    display = SampleSizeDisplay(**numbers(by_class=many)).plot(kind="classes")
    assert len(display.ax_.get_yticks()) == 20 and len(display.errorbar_) == 1
    assert "lowest 20 of 50" in display.ax_.get_title(loc="left")


def test_bins_may_score_below_zero():
    scores, n = np.array([[-1.5, 0.9]]), np.array([[30, 30]])
    bins = ClassScores(
        np.array(["up to 3", "above 3"]),
        N[-1:],
        scores,
        n,
        5 * n,
        has_forecast=False,
        kind="target bin",
        measured_std_err=np.array([[0.4, 0.2]]),
    )
    display = SampleSizeDisplay(**numbers(by_class=bins)).plot(kind="classes")
    (low, high), (least, most) = (
        one[:, 0] for one in display.errorbar_[0].lines[2][0].get_segments()
    )
    assert_allclose([low, high, least, most], [-2.3, -0.7, 0.5, 1])
    assert display.ax_.get_title(loc="left").startswith("target bin")


def test_classes_of_several_numeric_targets():
    X, y = make_regression(60, 3, n_targets=2, random_state=0)
    net = default_net("mlp", regression=True, module__hidden_sizes=(4,))
    est = small(net, schedule=[2]).fit(X.astype(np.float32), y)
    with pytest.raises(ValueError, match=r"several numeric targets.*kind='score'"):
        SampleSizeDisplay.from_estimator(est, kind="classes")
    assert SampleSizeDisplay.from_estimator(est, kind="score").score_name == "R²"


@pytest.mark.parametrize("display", [SampleSizeDisplay, SpectrumDisplay])
def test_a_curve_and_a_pipeline_draw_what_the_estimator_draws(display, many_digits):
    pipeline = make_pipeline(StandardScaler(), small()).fit(*many_digits)
    last = pipeline[-1]
    shown = [display.from_estimator(one) for one in (last, last.curve_, pipeline)]
    for name in vars(shown[0]):
        if not name.endswith("_"):
            assert len({str(vars(one)[name]) for one in shown}) == 1, name


@pytest.mark.parametrize("display", [SampleSizeDisplay, SpectrumDisplay])
def test_what_is_no_fit_is_told(display, many_digits):
    other = LogisticRegression(max_iter=5).fit(*many_digits)
    for one in (other, [1, 2], make_pipeline(other)):
        with pytest.raises(TypeError, match="Fit a SampleSizeEstimator"):
            display.from_estimator(one)


def test_repeats_show_all_seeds_and_one_forecast(many_digits):
    found = repeat_sample_size(small_net(8), *many_digits, n_repeats=2, **SEEDED)
    assert set(found.scores["random_state"]) == set(found.runs["random_state"])
    for _, run in found.runs.iterrows():
        one = found.scores[found.scores["random_state"] == run["random_state"]]
        assert one["score"].iloc[-1] == run["score"]
    display = SampleSizeDisplay.from_estimator(found, target=0.5)
    drawn = np.sort(display.errorbar_[0].lines[0].get_ydata())
    assert_array_equal(drawn, np.sort(found.scores["score"]))
    means = found.scores.groupby("n")["score"].mean()
    low, high = found.score_forecast.score_at(means.index[-1])[1]
    assert low <= means.iloc[-1] <= high
    assert display.score_name == "accuracy"
    with pytest.raises(ValueError, match="repeat_sample_size"):
        SampleSizeDisplay.from_estimator(RepeatedSampleSize(found.runs))


def test_the_scores_fill_the_panel_although_early_bands_reach_far():
    scores = np.array([0.5, 0.5, 0.52, 0.9])
    display = SampleSizeDisplay.from_scores(N, scores, n_held_out=20)
    low, high = display.ax_.get_ylim()
    drawn = np.concatenate([line.get_ydata() for line in display.ax_.lines])
    assert low <= drawn.min() and drawn.max() <= high
    plt.close("all")
