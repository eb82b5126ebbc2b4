"""Another distribution that installs into the same folder."""

from __future__ import annotations

import warnings
from pathlib import Path

__all__ = ["warn_of_clash"]

# A file of the distribution "sufficient", of which this package has none.
FOREIGN = "__about__.py"


def warn_of_clash(folder: Path) -> None:
    """Warn if the unrelated distribution "sufficient" has files in a folder.

    Parameters
    ----------
    folder : Path
        Where this package is installed.

    Warns
    -----
    UserWarning
        If files of both packages lie in the folder.
    """
    if (folder / FOREIGN).exists():
        warnings.warn(
            "The distribution 'sufficient', another package, is installed into the "
            "same folder as this one, 'sufficient-data'. Only one of them can work. "
            "Run: pip uninstall sufficient sufficient-data, then: pip install "
            "sufficient-data.",
            stacklevel=3,
        )
