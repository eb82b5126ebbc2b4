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
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import resample
from sklearn.utils.multiclass import type_of_target
from torch.nn import BCEWithLogitsLoss

from sufficient import __version__, datasets
from sufficient.command.files import read_file
from sufficient.display import SampleSizeDisplay
from sufficient.estimator import SampleSizeEstimator
from sufficient.landscape.measure import BOUNDS
from sufficient.many_fits.repeats import repeat_sample_size
from sufficient.nets import DEFAULT_MODULES, default_net
from sufficient.ranks import over_ranks
from sufficient.training.strategies import TRAININGS

__all__ = ["main"]

BAD_INPUT, INTERRUPTED = 2, 130
MOST_ROWS = 20
REFUSALS = ImportError, MemoryError, OSError, RuntimeError, TypeError, ValueError
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
ANSWERS_OF_SEVERAL = [
    "mean", "median", "std", "cv", "interval", "converged", "verdicts",
]  # fmt: skip
EPILOG = """\
FILE.npz holds X and y, taken as they are. FILE.csv holds numeric features, which are
standardised (mean 0, variance 1), and a target; columns without a name are left out.

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


# Parameters of the estimator, which gives the defaults and checks the ranges.
PARAMETERS: dict[str, dict] = {
    "tol": {"type": number, "help": "change of the loss that counts as none"},
    "batch_size": {"type": number, "help": "samples added at a time"},
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
    except REFUSALS as error:
        print(f"sufficient: error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED


def _answer(args):
    if args.plot:
        _check_before_the_long_fit(args)
    with over_ranks() as here:
        X, y = _load(args)
        estimator = _estimator(args, y)
        if args.repeats is not None:
            return _answer_of_several(args, estimator, X, y)
        try:
            _, run = _quietly(estimator.fit, X, y)
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


def _answer_of_several(args, estimator, X, y):
    found, run = _quietly(
        repeat_sample_size,
        estimator.set_params(verbose=0),
        X,
        y,
        n_repeats=args.repeats,
        random_state=args.seed,
    )
    print(_repeats_as_json(found, run) if args.json else _repeats_as_text(found, run))
    return int(args.exit_code and set(found.verdicts) != {"sufficient"})


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
    add("--repeats", type=int, metavar="N", help="ask with N seeds, and average")
    add("--checkpoint", metavar="FOLDER", help="go on from there if it was killed")
    add("--plot", type=Path, metavar="OUT.png", help="file for a picture")
    add("--json", action="store_true", help="one JSON object on stdout, nothing else")
    add("--quiet", action="store_true", help="no progress and no remarks on stderr")
    add("--exit-code", action="store_true", help='1 unless "sufficient"')
    add("--version", action="version", version=__version__)
    return parser


def _estimator(args, y):
    net, kind = args.model, type_of_target(y)
    if args.regression or kind.startswith("continuous"):
        net = default_net(net, regression=True)
    elif kind == "multilabel-indicator":
        net = default_net(net, criterion=BCEWithLogitsLoss)
    chosen = {name: getattr(args, name) for name in PARAMETERS}
    chosen |= {"random_state": args.seed, "verbose": int(not args.quiet)}
    return SampleSizeEstimator(net, checkpoint=args.checkpoint, **chosen)


def _quietly(function, *arguments, **options):
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        found = function(*arguments, **options)
    meant = [w for w in caught if issubclass(w.category, UserWarning)]
    notes = list(dict.fromkeys(str(warning.message) for warning in meant))
    return found, {"warnings": notes, "seconds": time.perf_counter() - start}


def _load(args):
    kind = Path(args.data).suffix.lower()
    if args.target and kind != ".csv":
        raise ValueError("--target is for .csv files.")
    if args.data in DATA_SETS:
        return DATA_SETS[args.data](n_samples=args.n_samples)
    if kind not in (".npz", ".csv"):
        raise ValueError(f"No data set is called {args.data!r}. Choose {CHOICES}.")
    X, y, target = read_file(args.data, args.target)
    if target is not None and not args.quiet:
        note = f"Features standardised; the target is {target!r} (see --regression)."
        print(note, file=sys.stderr)
    if (n := args.n_samples) is not None:
        X, y = resample(X, y, replace=False, n_samples=n, random_state=args.seed)
    return X, y.astype(str) if y.dtype.kind in "OS" else y


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
    return _strict_json(answer | {"tol": estimator.tol, **run})


def _repeats_as_text(found, run):
    width = shutil.get_terminal_size((88, 24)).columns
    lines = [
        *found.summary().splitlines(),
        *(f"Warning: {note}" for note in run["warnings"]),
    ]
    table = found.runs.to_string(index=False, float_format="{:.3g}".format)
    return "\n".join([*(textwrap.fill(line, width) for line in lines), "", table])


def _repeats_as_json(found, run):
    answer = {name: getattr(found, name) for name in ANSWERS_OF_SEVERAL}
    return _strict_json(answer | {"runs": found.runs.to_dict("records"), **run})


def _strict_json(answer):
    answer |= {"version": __version__}
    text = json.dumps(answer, default=lambda array: array.tolist())
    # Read back, because strict JSON has no NaN and no infinity.
    return json.dumps(json.loads(text, parse_constant=lambda _: None))


def _check_before_the_long_fit(args):
    import matplotlib.figure

    path = args.plot
    if args.repeats is not None:
        raise ValueError("--plot shows one fit. Leave it out, or --repeats.")

    matplotlib.use("Agg")
    known = matplotlib.figure.Figure().canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in known:
        raise ValueError(f"--plot {path} must end in one of .{', .'.join(known)}.")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"--plot {path}: there is no such folder, or no right to it.")
