"""The command line that all studies share."""

import argparse
from collections.abc import Iterable
from pathlib import Path

__all__ = ["parser_of"]


def parser_of(study: str, about: str, parts: Iterable[str]) -> argparse.ArgumentParser:
    """Options with the same meaning in every study.

    Parameters
    ----------
    study : str
        Its name.
    about : str
        What the help begins with.
    parts : iterable of str
        Names of what can be measured.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m examples.studies.{study}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--full", action="store_true", help="the real sizes; without it all is small"
    )
    parser.add_argument(
        "--only",
        nargs="*",
        metavar="PART",
        choices=list(parts),
        help="measure only these parts, also if they are kept; without a name, measure "
        "nothing and show what is kept. By default all parts that are not kept are "
        f"measured. Parts: {', '.join(parts)}",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("runs"),
        help="where all that is computed is kept (default: runs)",
    )
    parser.add_argument(
        "--page",
        type=_page,
        help="Markdown page whose tables are filled in; numbers and pictures that it "
        "shows go beside it",
    )
    return parser


def _page(text):
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no page {text}")
    return Path(text)
