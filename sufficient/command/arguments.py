"""What the command ``sufficient`` can be asked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sufficient._version import __version__
from sufficient.settings import BOUNDS, NETS, PARAMETERS, STOPS, TRAININGS

__all__ = ["CHOICES", "DATA_SETS", "FLAGS", "parser"]

DATA_SETS = {
    "digits": "load_digits_images",
    "fashion-mnist": "load_fashion_mnist",
    "mnist": "load_mnist",
    "cifar10": "load_cifar10",
    "cifar100": "load_cifar100",
}
CHOICES = (
    f"{', '.join(DATA_SETS)}, or a file that ends in .npz, .csv, .tsv, .txt, .jsonl, "
    ".parquet, .feather or .arrow, text perhaps compressed as in .csv.gz, or a folder "
    "with a folder of images for each class"
)
TIMEOUT_HELP = "how long a process of torchrun waits for the others (default: 60)"
KINDS = [
    (["--classify"], False, "the target is a class"),
    (["--regress", "--regression"], True, "the target is a number"),
]
EPILOG = """\
FILE.npz holds X and y, taken as they are. FOLDER holds a folder of images a class; they
are cropped to one square, of at most 64 pixels. Any other FILE is a table, a row a
sample: numbers are standardised, missing ones imputed, texts, categories and dates
encoded, as the samples that are not held out say. Columns without a name, constant
columns and ids (texts that are all different, numbers that count the rows) are left
out.

A target is a class if it is text, or holds two whole numbers, or up to 10 with five
samples each on average; any other is a number. In FILE.npz whole numbers are classes.
Several targets are all numbers, or all have two values, which are labels: yes or no.

With --score, FILE.csv is a table of scores, a row a fit:
  sufficient scores.csv --n n --score accuracy --held-out 1000 --target 0.95

With --repeats, seeds are drawn from --seed, and every one has a folder of its own in
--checkpoint. After a kill, the same command goes on.

Exit codes: 0 answered; 1 with --exit-code, unless the verdict is "sufficient" (of all
repeats); 2 bad usage or data; 130 interrupted, and what was measured so far is on
stderr.

One large network by N processes, each with a share of the samples:
  torchrun --standalone --nproc_per_node=N -m sufficient DATA ...
"""


def number(text: str) -> int | float | str:
    """Read a number, or "auto"; the parser names this function where it fails."""
    return text if text == "auto" else int(text) if text.isdigit() else float(text)


# Parameters of the estimator that have a flag, and how the flag is read.
FLAGS: dict[str, dict[str, Any]] = {
    "tol": {"type": number},
    "batch_size": {"type": number},
    "sigma": {"type": number},
    "bound": {"choices": list(BOUNDS)},
    "training": {"choices": list(TRAININGS)},
    "stop": {"choices": list(STOPS)},
    "n_directions": {"type": number},
    "scoring": {},
    "min_gain": {"type": number},
    "device": {},
}


def parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    found = argparse.ArgumentParser(
        prog="sufficient",
        description="Do I have enough training data, and if not, how much more?",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = found.add_argument
    add("data", metavar="DATA", help=CHOICES)
    target = "column of a table (default: last), repeated for several; a number with"
    add("--target", action="append", metavar="COLUMN", help=f"{target} --score")
    kind = found.add_mutually_exclusive_group()
    for flags, regression, text in KINDS:
        kind.add_argument(
            *flags, action="store_const", const=regression, dest="regression", help=text
        )
    add("--drop", metavar="A,B", help="columns of a table to leave out")
    add("--keep", metavar="A,B", help="columns to keep, even if constant or ids")
    add("--n-samples", type=int, metavar="N", help="first N; of a file, N at random")
    add("--model", choices=NETS, help="default: mlp; cnn for a folder of images")
    for each in PARAMETERS:
        if each.name in FLAGS:
            text = f"{each.metadata['meaning']} (default: {each.default})"
            flag = f"--{each.name.replace('_', '-')}"
            add(flag, default=each.default, help=text, **FLAGS[each.name])
    scores = found.add_argument_group("FILE.csv holds scores of another trainer")
    tell = scores.add_argument
    tell("--score", metavar="COLUMN", help="scores; --target is then one to reach")
    tell("--n", metavar="COLUMN", default="n", help="training-set sizes (default: n)")
    tell("--std-err", metavar="COLUMN", help="standard errors of the scores")
    tell("--held-out", type=int, metavar="N", help="samples scored, in their place")
    tell("--seeds", metavar="COLUMN", help="fits of one curve have the same seed")
    tell("--overlap", type=float, default=1.0, help="of their held-out samples: 0 to 1")
    tell("--score-range", type=float, nargs=2, default=(0, 1), metavar=("LOW", "HIGH"))
    tell("--assurance", type=float, default=0.8, help="probability (default: 0.8)")
    add("--seed", type=int, default=0, help="of all randomness (default: 0)")
    add("--repeats", type=int, metavar="N", help="ask with N seeds, and average")
    add("--checkpoint", metavar="FOLDER", help="go on from there if it was killed")
    add("--timeout", type=float, metavar="SECONDS", help=TIMEOUT_HELP)
    add("--plot", type=Path, metavar="OUT.png", help="file for a picture")
    add("--report", type=Path, metavar="OUT.html", help="file for a page to share")
    add("--json", action="store_true", help="one JSON object on stdout, nothing else")
    add("--quiet", action="store_true", help="no progress and no remarks on stderr")
    add("--exit-code", action="store_true", help='1 unless "sufficient"')
    add("--version", action="version", version=__version__)
    return found
