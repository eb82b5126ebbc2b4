"""One measurement in a separate process, started by `run`."""

import json
import sys
import traceback
from pathlib import Path

import torch

from ..common.store import write
from .context import Context
from .workloads import WORKLOADS

__all__ = ["measure"]


def measure(workload: str, entry: str | None, context: Context) -> dict:
    """Figures of an entry, or the reason for a failure; None only prepares."""
    try:
        if entry is None:
            WORKLOADS[workload].prepare(context)
            return {}
        return WORKLOADS[workload].measure(entry, context).as_dict()
    except NotImplementedError as error:
        return {"failure": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {"failure": f"{type(error).__name__}: {error}"}


def main():
    """Read the task from standard input, and write the figures to the given file."""
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    task = json.load(sys.stdin)
    settings = {**task["context"], "folder": Path(task["context"]["folder"])}
    figures = measure(task["workload"], task["entry"], Context(**settings))
    write(figures, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
