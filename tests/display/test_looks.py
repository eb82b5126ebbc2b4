"""Legends hide nothing, and all is seen on black and in grey.

Oracles: positions in pixels, and WCAG's formula for contrast.
"""

from __future__ import annotations

from itertools import combinations, pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sufficient.display import SampleSizeDisplay, SpectrumDisplay
from tests.display.numbers import N, numbers

# Of shapes and lines, as WCAG asks.
LEAST_CONTRAST = 3


def spectrum():
    values = np.column_stack([1e3 / N, 1e2 / N])
    return SpectrumDisplay(
        train_sizes=N, eigenvalues=values, eigenvalue_shifts=values / 10
    )


def luminance(color):
    parts = np.array(to_rgb(color))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def points(ax):
    """Everything that was measured or forecast, in pixels."""
    drawn = [line.get_xydata() for line in ax.lines if len(line.get_xdata()) > 2]
    bands = [path.vertices for one in ax.collections for path in one.get_paths()]
    found = np.concatenate([*drawn, *bands])
    return ax.transData.transform(found[np.isfinite(found).all(axis=1)])


@pytest.mark.parametrize("kind", ["delta", "rate", "score"])
@pytest.mark.parametrize("size", [(3.3, 2.5), (4, 3), (6.4, 4.8)], ids=str)
@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.filterwarnings("ignore:The legend is left out")
def test_a_legend_hides_no_data(kind, size, layout):
    figure, ax = plt.subplots(figsize=size, layout=layout)
    SampleSizeDisplay(**numbers()).plot(ax, kind=kind)
    figure.draw_without_rendering()
    legend = ax.get_legend()
    if layout is not None:
        assert legend is not None
    if legend is not None:
        box = legend.get_window_extent()
        hidden = [box.contains(*point) for point in points(ax)]
        assert not any(hidden)


def test_where_there_is_no_room_it_is_left_out_with_a_warning():
    _, ax = plt.subplots(figsize=(1.6, 1.2))
    with pytest.warns(UserWarning, match="left out.*layout='constrained'"):
        SampleSizeDisplay(**numbers()).plot(ax, kind="score")
    assert ax.get_legend() is None


def test_the_place_of_a_legend_can_be_chosen():
    display = SampleSizeDisplay(**numbers())
    assert display.plot(legend=False).ax_.get_legend() is None
    assert display.plot(legend="lower left").ax_.get_legend()._loc_real == 3
    outside = display.plot(legend="outside lower center")
    assert outside.ax_.get_legend() is None and len(outside.figure_.legends) == 1
    with pytest.raises(ValueError, match="nowhere"):
        display.plot(legend="nowhere")


@pytest.mark.parametrize("style", ["default", "dark_background"])
@pytest.mark.parametrize("kind", ["delta", "rate", "score"])
def test_lines_stand_out_in_light_and_dark(style, kind):
    with plt.style.context(style):
        axes = SampleSizeDisplay(**numbers()).plot(kind=kind, legend=False).axes_
    for ax in axes:
        for line in ax.lines:
            found = contrast(line.get_color(), ax.get_facecolor())
            assert found >= LEAST_CONTRAST, line.get_label()


def test_the_mean_of_the_shifts_is_seen_in_a_dark_style():
    with plt.style.context("dark_background"):
        display = spectrum().plot()
    for line in display.lines_:
        found = contrast(line.get_color(), display.ax_.get_facecolor())
        assert found > 1.5, line.get_label()
    assert contrast(display.lines_[-1].get_color(), "black") > 10


@pytest.mark.parametrize("kind", ["delta", "score"])
def test_lines_differ_without_their_colours(kind):
    for ax in SampleSizeDisplay(**numbers()).plot(kind=kind).axes_:
        named = [one for one in ax.lines if not one.get_label().startswith("_")]
        for one, other in combinations(named, 2):
            marks = [
                (str(line.get_linestyle()), line.get_marker(), line.get_linewidth())
                for line in (one, other)
            ]
            lightness = abs(luminance(one.get_color()) - luminance(other.get_color()))
            assert marks[0] != marks[1] or lightness > 0.2


@pytest.mark.parametrize("width", [3.3, 8])
@pytest.mark.parametrize("last", [1_000, 10**6])
def test_numbers_of_the_sizes_do_not_touch(width, last):
    n = np.geomspace(100, last, 4)
    figure, ax = plt.subplots(figsize=(width, 3), layout="constrained")
    SampleSizeDisplay.from_scores(n, [0.5, 0.6, 0.7, 0.8], ax=ax)
    figure.draw_without_rendering()
    low, high = ax.get_xlim()
    shown = [
        tick.label1.get_window_extent()
        for tick in ax.xaxis.get_major_ticks()
        if low <= tick.get_loc() <= high
    ]
    # Before 3.11, matplotlib numbered one power of ten where three had no room.
    assert len(shown) >= 2 or matplotlib.__version_info__ < (3, 11)
    assert all(a.x1 < b.x0 for a, b in pairwise(shown))
