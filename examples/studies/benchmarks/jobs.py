"""Whole jobs that every version of the library can do; one runs in this process.

The package comes from the working directory, so an older one may take the place of this
one. Only what both know is used: networks do not standardise their inputs, for example.
"""

import json
import runpy
import sys
import time
from collections.abc import Callable

import torch
from skorch import NeuralNetClassifier
from torch import nn

import sufficient
from sufficient import MLP, ConvNet, SampleSizeEstimator
from sufficient.curvature import top_eigenpairs
from sufficient.datasets import load_digits_images, load_fashion_mnist

from ..common.clock import timed
from ..common.memory import PeakMemory
from ..common.quiet import quiet

__all__ = ["JOBS"]

N_WARM, SMALL = 640, 800
# Stops as version 0.1 always did; what a version does not know is left out.
HOW = {"training": "update", "stop": "landscape", "refit": False, "random_state": 0}
NEVER = 1e-9


def main_job(full: bool) -> Callable[[], dict]:
    """Algorithm 1 of paper B on 10,000 images with an MLP, until it stops."""
    return _fit(MLP, full, tol=0.03 if full else 5.0)


def four_sizes(full: bool) -> Callable[[], dict]:
    """The same with a ConvNet, at four sizes whatever it finds."""
    counts = [20, 60, 100, 140] if full else [4, 9]
    return _fit(ConvNet, full, tol=NEVER, schedule=counts)


def ten_million_weights(full: bool) -> Callable[[], dict]:
    """One size, 512 samples, of an MLP with ten million weights."""
    widths = {"module__hidden_sizes": (3000, 2500) if full else (30, 20)}
    how = {"tol": NEVER, "schedule": [8], "update_epochs": 1}
    return _fit(MLP, full, SMALL, widths, **how)


def eigenpairs_mlp(full: bool) -> Callable[[], dict]:
    """Ten leading eigenpairs of an MLP on 5,000 images, as `top_eigenpairs` does it."""
    return _eigenpairs(MLP, full, 5000)


def eigenpairs_convnet(full: bool) -> Callable[[], dict]:
    """The same of a ConvNet on 1,000 images."""
    return _eigenpairs(ConvNet, full, 1000)


def command(full: bool) -> Callable[[], dict]:
    """``sufficient digits``, from the start of the process, with its defaults."""
    sys.argv = ["sufficient", "digits", *([] if full else ["--version"])]

    def run():
        try:
            runpy.run_module("sufficient", run_name="__main__")
        except SystemExit:
            return {"seconds": time.process_time()}

    return run


JOBS = {
    "main job, MLP": main_job,
    "four sizes, ConvNet": four_sizes,
    "one size of ten million weights": ten_million_weights,
    "top_eigenpairs, MLP": eigenpairs_mlp,
    "top_eigenpairs, ConvNet": eigenpairs_convnet,
    "sufficient digits": command,
}


def main() -> None:
    """Run the job and print its figures as the last line."""
    torch.set_num_threads(1)
    name, full = sys.argv[1], sys.argv[2] == "full"
    with quiet():
        job = JOBS[name](full)
        memory = PeakMemory()
        run = timed(job)
    found = {"seconds": run.cpu, "peak_memory": memory.beyond_baseline(), **run.result}
    print(json.dumps({**found, "package": sufficient.__file__}))


def _fit(module, full, n=10_000, sizes=None, **how):
    known, (X, y) = SampleSizeEstimator().get_params(), _data(full, n)
    how = {key: value for key, value in {**HOW, **how}.items() if key in known}
    net = _net(module, **(sizes or {}))
    # In a short first run everything is imported.
    first = SampleSizeEstimator(net, **{**how, "schedule": [1, 2]})
    first.fit(X[:N_WARM], y[:N_WARM])
    est = SampleSizeEstimator(net, **how)
    return lambda: {"n_star": est.fit(X, y).n_samples_star_}


def _net(module, **params):
    return NeuralNetClassifier(
        module,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=64,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
        **params,
    )


def _eigenpairs(module, full, n):
    X, y = _data(full, n)
    torch.manual_seed(0)
    net = module(X.shape[1], 10)
    optimizer = torch.optim.Adam(net.parameters())
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    for rows in torch.randperm(len(X)).repeat(4).split(64):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(X[rows]), y[rows]).backward()
        optimizer.step()
    top_eigenpairs(net, X[:64], y[:64], random_state=0)

    return lambda: {"products": top_eigenpairs(net, X, y, random_state=0).n_products}


def _data(full, n):
    if full:
        return load_fashion_mnist(n_samples=n)
    return load_digits_images(n_samples=SMALL)


if __name__ == "__main__":
    main()
