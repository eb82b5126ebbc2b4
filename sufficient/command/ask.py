"""Ask the question as the command's arguments say, and print the answer."""

from __future__ import annotations

import sys
import time
import warnings
from argparse import Namespace

from sufficient.command.answers import (
    as_json,
    as_text,
    repeats_as_json,
    repeats_as_text,
)
from sufficient.command.arguments import FLAGS
from sufficient.command.files import load
from sufficient.command.writing import announce, check_before_the_long_fit
from sufficient.command.written import written
from sufficient.estimator import SampleSizeEstimator
from sufficient.many_fits.repeats import repeat_sample_size
from sufficient.nets import default_net
from sufficient.ranks import TIMEOUT, over_ranks

__all__ = ["answer"]

INTERRUPTED = 130


def answer(args: Namespace) -> int:
    """Fit, print, and return the exit code."""
    check_before_the_long_fit(args)
    with over_ranks(args.timeout or TIMEOUT) as here:
        data = load(args)
        if here.is_first and not args.quiet:
            for remark in data.remarks or ():
                print(remark, file=sys.stderr)
        estimator = _estimator(args, data)
        if args.repeats is not None:
            return _answer_of_several(args, estimator, data)
        try:
            _, run = _quietly(estimator.fit, data.X, data.y)
        except KeyboardInterrupt:
            if here.is_first:
                _tell_what_was_measured(estimator)
            return INTERRUPTED
    run |= {"remarks": data.remarks} if data.remarks else {}
    return _say(args, estimator, run) if here.is_first else 0


def _tell_what_was_measured(estimator):
    so_far = as_text(estimator, {}) if hasattr(estimator, "curve_") else "nothing"
    print(f"\nInterrupted. Measured so far:\n{so_far}", file=sys.stderr)


def _say(args, estimator, run):
    print(as_json(estimator, run) if args.json else as_text(estimator, run))
    announce(args, written(args, estimator))
    return int(args.exit_code and estimator.verdict_ != "sufficient")


def _answer_of_several(args, estimator, data):
    estimator.set_params(verbose=0)
    found, run = _quietly(
        repeat_sample_size,
        estimator,
        data.X,
        data.y,
        n_repeats=args.repeats,
        random_state=args.seed,
    )
    run |= {"remarks": data.remarks} if data.remarks else {}
    print(repeats_as_json(found, run) if args.json else repeats_as_text(found, run))
    announce(args, written(args, found))
    return int(args.exit_code and set(found.verdicts) != {"sufficient"})


def _estimator(args, data):
    net = args.model or data.model
    if data.regression:
        net = default_net(net, regression=True)
    chosen = {name: getattr(args, name) for name in FLAGS}
    chosen |= {"random_state": args.seed, "verbose": int(not args.quiet)}
    chosen |= {"encoder": data.encoder, "checkpoint": args.checkpoint}
    return SampleSizeEstimator(net, **chosen)


def _quietly(function, *arguments, **options):
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        found = function(*arguments, **options)
    meant = [w for w in caught if issubclass(w.category, UserWarning)]
    notes = list(dict.fromkeys(str(warning.message) for warning in meant))
    return found, {"warnings": notes, "seconds": time.perf_counter() - start}
