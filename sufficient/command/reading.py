"""A table out of a file of any common format."""

from __future__ import annotations

import csv
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import pandas as pd

from sufficient.arrow import arrow_table

__all__ = ["ARROW", "SUFFIXES", "no_column", "read_table", "suffix_of"]

SEPARATED = ".csv", ".tsv", ".txt"
ARROW = ".parquet", ".feather", ".arrow"
SUFFIXES = *SEPARATED, *ARROW, ".jsonl"
COMPRESSED = ".gz", ".bz2", ".xz", ".zip", ".zst"
SEPARATORS = ",;\t|"


def suffix_of(path: str | Path) -> str:
    """The ending that tells the format, without that of a compression.

    Examples
    --------
    >>> suffix_of("trees.CSV.gz")
    '.csv'
    """
    path = Path(str(path).lower())
    return Path(path.stem).suffix if path.suffix in COMPRESSED else path.suffix


def read_table(path: str | Path) -> pd.DataFrame:
    """The table in a file, with a name for every column.

    Columns without a name, such as the row numbers that pandas writes, are left out.

    Parameters
    ----------
    path : str or Path
        File that ends in one of `SUFFIXES`, text perhaps compressed. Comma, semicolon,
        tab or bar separate columns, whatever the ending.

    Returns
    -------
    DataFrame

    Raises
    ------
    ValueError
        If there are no rows, or two columns have one name.
    ImportError
        If an Arrow or a Parquet file needs pyarrow, which is missing.
    """
    suffix = suffix_of(path)
    if suffix in ARROW:
        frame = arrow_table(Path(path)).to_pandas()
    elif suffix == ".jsonl":
        frame = pd.read_json(path, lines=True)
    else:
        frame = _separated(path)
    frame.columns = frame.columns.map(str)
    _check_names(list(frame.columns))
    frame = frame.loc[:, ~frame.columns.str.startswith("Unnamed: ")]
    if frame.empty:
        raise ValueError("There are no rows. The first line must name the columns.")
    return frame.reset_index(drop=True)


def no_column(name: str, columns: list[str]) -> str:
    """The message that there is no such column, with names that are close to it."""
    close = get_close_matches(name, columns, cutoff=0.6)
    close += [each for each in columns if each.lower() == name.lower()]
    found = f"Did you mean {' or '.join(map(repr, dict.fromkeys(close)))}?"
    return (
        f"It has no column {name!r}, but {columns[:50]}.{' ' + found if close else ''}"
    )


def _separated(path):
    header = _first_line(path)
    separator = _separator_of(header)
    _check_names(next(csv.reader([header], delimiter=separator)))
    read = partial(
        pd.read_csv, path, sep=separator, low_memory=False, skipinitialspace=True
    )
    if separator != ";":
        return read()
    # Where a comma stands in the numbers, a semicolon stands between them.
    return max(read(), read(decimal=","), key=_n_numeric)


def _first_line(path):
    # By pandas, because of the compressions. No header holds the separator.
    line = pd.read_csv(
        path, header=None, nrows=1, sep="\x1f", dtype=str, quoting=csv.QUOTE_NONE
    )
    return str(line.iat[0, 0])


def _separator_of(header):
    try:
        return csv.Sniffer().sniff(header, delimiters=SEPARATORS).delimiter
    except csv.Error:
        return ","


def _n_numeric(frame):
    return frame.select_dtypes("number").shape[1]


def _check_names(names):
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise ValueError(f"Several columns are called {twice}. Rename all but one.")
