"""The command ``sufficient``: the question asked from a shell."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import textwrap
import time
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler
from sklearn.utils import resample
from sklearn.utils.multiclass import type_of_target

from sufficient import __version__, datasets
from sufficient.display import SampleSizeDisplay
from sufficient.estimator import SampleSizeEstimator
from sufficient.measure import BOUNDS
from sufficient.nets import DEFAULT_MODULES, default_net
from sufficient.ranks import LostRankError, over_ranks, ranks
from sufficient.training import TRAININGS

__all__ = ["main"]

BAD_INPUT, INTERRUPTED = 2, 130
MOST_ROWS = 20
UNREADABLE = BadZipFile, EOFError, TypeError, ValueError, zlib.error
DATA_SETS = {
    "digits": datasets.load_digits_images,
    "fashion-mnist": datasets.load_fashion_mnist,
    "mnist": datasets.load_mnist,
    "cifar10": datasets.load_cifar10,
    "cifar100": datasets.load_cifar100,
}
CHOICES = f"{', '.join(DATA_SETS)}, or a file that ends in .npz or .csv"
ANSWERS = [
    "verdict", "converged", "k_star", "n_samples_star", "n_samples_needed",
    "n_samples_needed_interval", "expected_gain", "expected_gain_interval",
    "generalization_gap", "batch_size", "rate", "curves", "eigenvalues",
]  # fmt: skip
EPILOG = """\
FILE.npz holds X and y, taken as they are. FILE.csv holds numeric features, which are
standardised (mean 0, variance 1), and a target; columns without a name are left out.

Exit codes: 0 answered; 1 with --exit-code, unless the verdict is "sufficient"; 2 bad
usage or data; 130 interrupted, and what was measured so far is on stderr.

One large network by N processes, each with a share of the objects:
  torchrun --standalone --nproc_per_node=N -m sufficient DATA ...
"""


def number(text: str) -> int | float | str:
    """Read a number, or "auto"; the parser names this function where it fails."""
    return text if text == "auto" else int(text) if text.isdigit() else float(text)


# Parameters of the estimator, which gives the defaults and checks the ranges.
PARAMETERS: dict[str, dict] = {
    "tol": {"type": number, "help": "change of the loss that counts as none"},
    "batch_size": {"type": number, "help": "objects added at a time"},
    "sigma": {"type": number, "help": "how far the weights are moved"},
    "bound": {"choices": list(BOUNDS), "help": "curve that has to meet tol"},
    "training": {"choices": list(TRAININGS), "help": "how the net follows the data"},
    "n_directions": {"type": number, "help": "leading eigenvectors to look along"},
    "scoring": {"help": "name of a scikit-learn scorer; accuracy or R2 by default"},
    "min_gain": {"type": number, "help": "score points worth doubling the data for"},
    "device": {"help": "cpu, cuda, ..."},
}


def main(argv: Sequence[str] | None = None) -> int:
    """Answer the question for a data set or a file.

    Parameters
    ----------
    argv : sequence of str, default=None
        Arguments of the command; None takes those of the process.

    Returns
    -------
    int
        Exit code, as ``sufficient --help`` lists them.
    """
    args = _parser().parse_args(argv)
    try:
        return _answer(args)
    except (ImportError, OSError, ValueError, LostRankError) as error:
        print(f"sufficient: error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED


def _answer(args):
    if args.plot:
        _check_before_the_long_fit(args.plot)
    with over_ranks() as here:
        X, y = _load(args)
        estimator = _estimator(args, y)
        try:
            run = _fit_quietly(estimator, X, y)
        except KeyboardInterrupt:
            if here.is_first:
                _tell_what_was_measured(estimator)
            return INTERRUPTED
    return _say(args, estimator, run) if here.is_first else 0


def _tell_what_was_measured(estimator):
    so_far = _as_text(estimator, {}) if hasattr(estimator, "curve_") else "nothing"
    print(f"\nInterrupted. Measured so far:\n{so_far}", file=sys.stderr)


def _say(args, estimator, run):
    print(_as_json(estimator, run) if args.json else _as_text(estimator, run))
    if args.plot:
        SampleSizeDisplay.from_estimator(estimator).figure_.savefig(args.plot, dpi=150)
        print(f"\nPicture: {args.plot}", file=sys.stderr if args.json else sys.stdout)
    return int(args.exit_code and estimator.verdict_ != "sufficient")


def _parser():
    parser = argparse.ArgumentParser(
        prog="sufficient",
        description="Do I have enough training data, and if not, how much more?",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("data", metavar="DATA", help=CHOICES)
    add("--target", metavar="COLUMN", help="target in FILE.csv (default: last column)")
    add("--regression", action="store_true", help="even if no target is a fraction")
    add("--n-samples", type=int, metavar="N", help="first N; of a file, N at random")
    add("--model", choices=list(DEFAULT_MODULES), default="mlp", help="default: mlp")
    defaults = SampleSizeEstimator().get_params()
    for name, how in PARAMETERS.items():
        text = f"{how['help']} (default: {defaults[name]})"
        flag = f"--{name.replace('_', '-')}"
        add(flag, default=defaults[name], **how | {"help": text})
    add("--seed", type=int, default=0, help="of all randomness (default: 0)")
    add("--plot", type=Path, metavar="OUT.png", help="file for a picture")
    add("--json", action="store_true", help="one JSON object on stdout, nothing else")
    add("--quiet", action="store_true", help="no progress and no remarks on stderr")
    add("--exit-code", action="store_true", help='1 unless "sufficient"')
    add("--version", action="version", version=__version__)
    return parser


def _estimator(args, y):
    regression = args.regression or type_of_target(y).startswith("continuous")
    net = default_net(args.model, regression=True) if regression else args.model
    chosen = {name: getattr(args, name) for name in PARAMETERS}
    chosen |= {"random_state": args.seed, "verbose": int(not args.quiet)}
    return SampleSizeEstimator(net, **chosen)


def _fit_quietly(estimator, X, y):
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        estimator.fit(X, y)
    meant = [w for w in caught if issubclass(w.category, UserWarning)]
    notes = list(dict.fromkeys(str(warning.message) for warning in meant))
    return {"warnings": notes, "seconds": time.perf_counter() - start}


def _load(args):
    suffix = Path(args.data).suffix.lower()
    if args.target and suffix != ".csv":
        raise ValueError("--target is for .csv files.")
    if args.data in DATA_SETS:
        return DATA_SETS[args.data](n_samples=args.n_samples)
    if suffix not in (".npz", ".csv"):
        raise ValueError(f"No data set is called {args.data!r}. Choose {CHOICES}.")
    try:
        X, y = _read_npz(args.data) if suffix == ".npz" else _read_csv(args)
    except UNREADABLE as error:
        raise ValueError(f"{args.data} cannot be used: {error}") from error
    if (n := args.n_samples) is not None:
        X, y = resample(X, y, replace=False, n_samples=n, random_state=args.seed)
    return X, y.astype(str) if y.dtype.kind in "OS" else y


def _read_npz(path):
    arrays = np.load(path, allow_pickle=False)
    names = getattr(arrays, "files", ["one array"])
    if not {"X", "y"} <= set(names):
        raise ValueError(f"It holds {names}. Write it with np.savez(file, X=X, y=y).")
    return arrays["X"], arrays["y"]


def _read_csv(args):
    frame = pd.read_csv(args.data)
    frame = frame.loc[:, ~frame.columns.str.startswith("Unnamed: ")]
    target = args.target or frame.columns[-1]
    if target not in frame:
        raise ValueError(f"It has no column {target!r}, but {list(frame)}.")
    features = frame.drop(columns=target)
    if not features.size:
        raise ValueError(f"There are no rows, or no columns besides {target!r}.")
    if words := list(features.select_dtypes(exclude=["number", "bool"])):
        raise ValueError(f"Columns {words} are not numeric. Encode or drop them.")
    if holes := list(frame.columns[frame.isna().any()]):
        raise ValueError(f"Columns {holes} have missing values. Fill or drop them.")
    if not args.quiet and ranks().is_first:
        note = f"Features standardised; the target is {target!r} (see --regression)."
        print(note, file=sys.stderr)
    return StandardScaler().fit_transform(features), frame[target].to_numpy()


def _as_text(estimator, run):
    summary = estimator.summary()
    width = shutil.get_terminal_size((88, 24)).columns
    notes = [note for note in run.get("warnings", ()) if note not in summary]
    lines = [*summary.splitlines(), *(f"Warning: {note}" for note in notes)]
    return "\n".join([*(textwrap.fill(s, width) for s in lines), "", _table(estimator)])


def _table(estimator):
    columns = {
        "samples": estimator.train_sizes_,
        "batches": estimator.batch_counts_,
        "delta": estimator.delta_curve_,
        "std error": estimator.delta_std_err_,
        "bound": estimator.bound_curve_,
        "smoothed": estimator.curves_["smoothed"],
        "train loss": estimator.curves_["train_loss"],
        "score": estimator.score_curve_,
        "top eigenvalue": estimator.eigenvalues_[:, 0],
    }
    frame = pd.DataFrame(columns)
    rows = np.unique(np.linspace(0, len(frame) - 1, MOST_ROWS).round().astype(int))
    return frame.iloc[rows].to_string(index=False, float_format="{:.3g}".format)


def _as_json(estimator, run):
    answer = {name: getattr(estimator, f"{name}_") for name in ANSWERS}
    answer |= {"tol": estimator.tol, "version": __version__, **run}
    text = json.dumps(answer, default=lambda array: array.tolist())
    # Read back, because strict JSON has no NaN and no infinity.
    return json.dumps(json.loads(text, parse_constant=lambda _: None))


def _check_before_the_long_fit(path):
    import matplotlib.figure

    matplotlib.use("Agg")
    known = matplotlib.figure.Figure().canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in known:
        raise ValueError(f"--plot {path} must end in one of .{', .'.join(known)}.")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"--plot {path}: there is no such folder, or no right to it.")
