"""Labels, colours and axes that all pictures share."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from sufficient.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D

__all__ = [
    "COLORS",
    "LABELS",
    "axes_for",
    "band",
    "batch_axis",
    "extrapolate",
    "frame_positive",
    "ink",
    "is_dark",
    "need_matplotlib",
    "size_axis",
]

# Distinguishable with colour blindness, and at least 3:1 on white and on black.
COLORS = {
    "delta": "#0072B2",
    "bound": "#D55E00",
    "answer": "#009E73",
    "score": "#AA4499",
    "eigenvalues": "viridis",
    "losses": "viridis",
    "increments": "PuOr_r",
}
LABELS = {
    "projected": "second-order model",
    "eigenvalue": "eigenvalue formula",
    "monte_carlo": "real loss, Monte Carlo",
    "delta": r"$\Delta_k$ (loss²)",
    "rate": r"$\Delta_k \, k^2$ (loss²), flat if $\Delta_k \propto 1/k^2$",
    "eigenvalues": r"$\lambda_i$ (loss/weight²)",
    "shifts": r"$|\delta\lambda_i|$ per batch (loss/weight²)",
    "losses": "$L_k$ (loss)",
    "increments": "$L_{k+1} - L_k$ (loss)",
}
MARGIN = 1.15


def axes_for(
    ax: ArrayLike,
    shape: tuple[int, int],
    *,
    least: int | None = None,
    **figure_kw: Any,
) -> np.ndarray:
    """Axes given by the caller, or those of a new figure.

    Parameters
    ----------
    ax : matplotlib Axes, array-like of Axes or None
        None makes a figure.
    shape : tuple of (int, int)
        Rows and columns of panels.
    least : int or None, default=None
        Smallest number of panels that can be drawn; None means all of them.
    **figure_kw
        Passed to ``matplotlib.pyplot.subplots``.

    Returns
    -------
    ndarray of Axes, flat

    Raises
    ------
    ValueError
        If the number of axes does not match the number of panels.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        layout = {"layout": "constrained", "squeeze": False, **figure_kw}
        return plt.subplots(*shape, **layout)[1].ravel()
    axes, most = np.ravel(np.array(ax, dtype=object)), shape[0] * shape[1]
    if len(axes) not in {least or most, most}:
        raise ValueError(
            f"This picture has {most} panels, got {len(axes)} axes. Pass one axes for "
            "each panel, or None for a new figure."
        )
    return axes


def need_matplotlib() -> None:
    """Raise an ImportError that names the extra if matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise ImportError(
            'Pictures need matplotlib. Run: pip install "sufficient-data[plot]".'
        )


def ink(ax: Axes) -> Any:
    """Colour in which the axes write: black, or white in a dark style."""
    return ax.xaxis.label.get_color()


def is_dark(ax: Axes) -> bool:
    """Whether the panel is darker than what is written around it."""
    from matplotlib.colors import to_rgb

    return sum(to_rgb(ax.get_facecolor())) < sum(to_rgb(ink(ax)))


def size_axis(ax: Axes, first: float, last: float) -> None:
    """Make the horizontal axis logarithmic, for training-set sizes."""
    from sufficient.display.ticks import show_sizes

    ax.set(xscale="log", xlim=(first / MARGIN, last * MARGIN))
    show_sizes(ax.xaxis)


def batch_axis(ax: Axes, batch_size: int) -> None:
    """Add an axis above the panel that shows the sizes in batches."""
    from sufficient.display.ticks import show_sizes

    as_batches = (lambda n: n / batch_size, lambda k: k * batch_size)
    top = ax.secondary_xaxis("top", functions=as_batches)
    show_sizes(top.xaxis)
    top.set_xlabel(f"batches of {batch_size}")


def band(
    ax: Axes, x: ArrayLike, y: ArrayLike, std_err: ArrayLike, color: str
) -> PolyCollection:
    """Shade a band of two standard errors around a positive curve."""
    y, reach = np.asarray(y), 2 * np.asarray(std_err)
    low = np.maximum(y - reach, np.finfo(float).tiny)
    return ax.fill_between(x, low, y + reach, color=color, alpha=0.2, lw=0)


def extrapolate(ax: Axes, line: Line2D, end: float, rate: float) -> None:
    """Extend a curve to the size `end` by a power law, as a dashed line."""
    last, value = (np.asarray(data)[-1] for data in line.get_data())
    ends = np.array([last, end])
    values = value * (ends / last) ** rate
    ax.plot(ends, values, "--", color=line.get_color())


def frame_positive(ax: Axes, values: ArrayLike) -> None:
    """Make the vertical axis logarithmic, with limits around the positive values."""
    values = np.asarray(values)
    values = values[values > 0]
    ax.set(yscale="log", ylim=(values.min() / 1.6, values.max() * 1.6))
