"""All pictures, from the numbers as they are kept."""

from pathlib import Path

import matplotlib.pyplot as plt

from . import figures_a, figures_b

__all__ = ["draw"]

PICTURES = {**figures_a.PICTURES, **figures_b.PICTURES}
DPI = 110
SMALLER = {"optimize": True}


def draw(results: dict, folder: Path) -> None:
    """One file for each picture whose part has been measured."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (part, picture) in PICTURES.items():
        if part not in results:
            continue
        figure = picture(results[part])
        if figure is not None:
            figure.savefig(folder / f"{name}.png", dpi=DPI, pil_kwargs=SMALLER)
            plt.close(figure)
