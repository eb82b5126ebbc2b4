"""Draw the logo: ``python docs/logo.py``.

A learning curve through its measured scores, which levels off below its limit.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "_static"
SIZE = 64
COLOURS = {
    "light": {"curve": "#0072b2", "limit": "#48566b", "score": "#c44e00"},
    "dark": {"curve": "#56b4e9", "limit": "#9ca4af", "score": "#f5a623"},
}


def height(x: float) -> float:
    """Where the curve is at x, both from 0 to 1: a power law in the sample size."""
    return 0.88 - 0.8 * (1 + 9 * x) ** -1.1


def place(x: float) -> str:
    """Where a point of the curve is in the picture, whose y-axis points down."""
    return f"{6 + 52 * x:.1f},{SIZE - 6 - 52 * height(x):.1f}"


def draw(curve: str, limit: str, score: str) -> str:
    """Return the logo as SVG."""
    line = " ".join(place(step / 40) for step in range(41))
    dots = "".join(
        '\n  <circle cx="{}" cy="{}" r="4.5"/>'.format(*place(x).split(","))
        for x in (0.03, 0.15, 0.4, 0.94)
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" fill="none"
 stroke-linecap="round" role="img" aria-label="sufficient">
 <path d="M5,9 H59" stroke="{limit}" stroke-width="3" stroke-dasharray="3 6"/>
 <polyline points="{line}" stroke="{curve}" stroke-width="5" stroke-linejoin="round"/>
 <g fill="{score}">{dots}
 </g>
</svg>
"""


if __name__ == "__main__":
    for theme, colours in COLOURS.items():
        (STATIC / f"logo_{theme}.svg").write_text(draw(**colours), encoding="utf-8")
