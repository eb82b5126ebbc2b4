"""Numbers as people write them."""

from __future__ import annotations

from math import floor, isfinite, log10

__all__ = ["count", "gain", "interval", "number", "percent", "share"]


def number(value: float, digits: int = 3) -> str:
    """A number to so many digits, without an exponent unless it is tiny or huge.

    Examples
    --------
    >>> [number(value) for value in (0.87415, 1234.5, -0.00001, 4.2e9, 0)]
    ['0.874', '1,230', '-0.00001', '4.2e+09', '0']
    """
    if not isfinite(value):
        return "unknown"
    if value == 0:
        return "0"
    size = floor(log10(abs(value)))
    if not -6 <= size <= 6:
        return f"{value:.{digits}g}"
    places = digits - 1 - size
    rounded = round(value, places)
    text = f"{rounded:,.{max(places, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def share(value: float) -> str:
    """A score or probability to three places, never a negative zero.

    Examples
    --------
    >>> share(0.87449), share(-0.0001)
    ('0.874', '0.000')
    """
    if not isfinite(value):
        return "unknown"
    text = f"{value:.3f}"
    return "0.000" if text == "-0.000" else text


def gain(value: float) -> str:
    """A gain with its sign.

    Examples
    --------
    >>> gain(0.0042), gain(-0.0001), gain(-0.02)
    ('+0.004', '0.000', '-0.020')
    """
    text = share(value)
    return text if text.startswith(("-", "u")) or text == "0.000" else f"+{text}"


def interval(low: float, high: float) -> str:
    """The ends of an interval of gains."""
    return f"{gain(low)} to {gain(high)}"


def percent(value: float) -> str:
    """A share in percent: whole numbers, but one place below ten.

    Examples
    --------
    >>> percent(1.2), percent(0.0345), percent(0.5)
    ('120 %', '3.5 %', '50 %')
    """
    if not isfinite(value):
        return "unknown"
    places = 1 if 0 < abs(value) < 0.0995 else 0
    text = f"{100 * value:,.{places}f}"
    return f"{text.removesuffix('.0')} %"


def count(value: float | None) -> str:
    """A number of samples, that there is none, or that it is not known.

    Examples
    --------
    >>> count(12345), count(None), count(float("nan"))
    ('12,345', 'no upper limit', 'unknown')
    """
    if value is None:
        return "no upper limit"
    return f"{int(value):,}" if isfinite(value) else "unknown"
