"""The command line that all studies share."""

import argparse
from collections.abc import Iterable
from pathlib import Path

__all__ = ["parser_of"]


def parser_of(study: str, about: str, parts: Iterable[str]) -> argparse.ArgumentParser:
    """A parser with the options that all studies share.

    Parameters
    ----------
    study : str
        Name of the study.
    about : str
        Description at the top of the help.
    parts : iterable of str
        Names of the parts that can be measured.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m examples.studies.{study}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--full", action="store_true", help="run at the real sizes; small by default"
    )
    parser.add_argument(
        "--only",
        nargs="*",
        metavar="PART",
        choices=list(parts),
        help="measure only these parts, even if they are stored; without a name, only "
        "show the stored results. By default, all parts that are not stored are "
        f"measured. Parts: {', '.join(parts)}",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("runs"),
        help="where results are stored (default: runs)",
    )
    parser.add_argument(
        "--page",
        type=_page,
        help="Markdown page whose tables are filled in; its numbers and pictures are "
        "written to the same folder",
    )
    return parser


def _page(text):
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no page {text}")
    return Path(text)
