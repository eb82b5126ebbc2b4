"""Draw all pictures from the stored numbers."""

from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

from . import figures_a, figures_b

__all__ = ["draw"]

PICTURES = {**figures_a.PICTURES, **figures_b.PICTURES}
DPI = 110
N_COLORS = 256


def draw(results: dict, folder: Path) -> None:
    """Write one file for each picture whose part has been measured."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (part, picture) in PICTURES.items():
        figure = picture(results[part]) if part in results else None
        if figure is not None:
            _save(figure, folder / f"{name}.png")
            plt.close(figure)


def _save(figure, path):
    """Save with a palette of 256 colours, which takes a third of the file size."""
    with BytesIO() as raw:
        figure.savefig(raw, dpi=DPI)
        image = Image.open(raw).convert("RGB")
    image.quantize(N_COLORS, Image.Quantize.MAXCOVERAGE).save(path, optimize=True)
