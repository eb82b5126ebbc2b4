"""What a measured size of each of ten deep nets costs: seconds and memory.

Every net has a process of its own, on one thread. Run from the root of the repository::

    python -m examples.studies.deep_nets
"""

import argparse
import subprocess
import sys

import torch

from sufficient import SampleSizeEstimator

from ..common.clock import timed
from ..common.memory import PeakMemory
from ..common.needs import note, require
from .nets import CASES, resnet18_is_there

MIB = 1 << 20
HOW = {"training": "update", "stop": "never", "refit": False, "random_state": 0}


def row_of(name, n):
    """Measure one net at two sizes; a row of the table."""
    torch.set_num_threads(1)
    case = CASES[name]
    X, y = case.data(n)
    settings = {**HOW, **case.parameters, "batch_size": n // 5, "schedule": [2, 4]}
    estimator = SampleSizeEstimator(case.module, **settings)
    memory = PeakMemory()
    memory.restart()
    fit = timed(estimator.fit, X, y)
    module = fit.result.estimator_.module_
    weights = sum(p.numel() for p in module.parameters() if p.requires_grad)
    seconds = fit.cpu / len(estimator.train_sizes_)
    peak = memory.beyond_baseline() / MIB
    return f"| {name} | {weights:,} | {seconds:.1f} | {peak:.0f} MiB |"


def main():
    """Print the table, a process a net."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=320, help="samples (default: 320)")
    parser.add_argument("--only", choices=list(CASES), help="one net, in this process")
    chosen = parser.parse_args()
    left_out = [] if resnet18_is_there() else ["ResNet-18"]
    if chosen.only:
        require(["packages: pip install timm"] * (chosen.only in left_out))
        print(row_of(chosen.only, chosen.n))
        return
    note("Left out, as neither timm nor torchvision is installed", left_out)
    print("| net | trained weights | CPU seconds a size | peak memory |")
    print("|---|---|---|---|", flush=True)
    for name in (name for name in CASES if name not in left_out):
        command = [sys.executable, "-m", "examples.studies.deep_nets", "--only", name]
        subprocess.run([*command, "--n", str(chosen.n)], check=True)


if __name__ == "__main__":
    main()
