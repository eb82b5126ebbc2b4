"""Run the measurements one after another and collect their figures."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from ..common.environment import installed_version
from ..common.store import read
from .context import Context, Entry

__all__ = ["run_workload"]

ROOT = Path(__file__).parents[3]
THREADS = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    )
}


def run_workload(workload, context: Context, limit: float, skip=()) -> list[dict]:
    """Measure the entries of one workload, each in its own process; return the rows.

    Parameters
    ----------
    workload : object
        One of `WORKLOADS`.
    context : Context
        Settings.
    limit : float
        Wall seconds after which an entry is stopped.
    skip : collection of str
        Names of entries to leave out.
    """
    _in_child(workload.name, None, context, limit=None)
    rows, earlier = [], {}
    for entry in workload.entries:
        if entry.name in skip:
            continue
        print(f"{workload.name}: {entry.name}", file=sys.stderr, flush=True)
        so_far = replace(context, earlier=earlier)
        figures = _figures(workload.name, entry, so_far, limit)
        if "failure" not in figures:
            earlier = {**earlier, entry.name: figures}
        rows.append({"workload": workload.name, **_described(entry), **figures})
    return _with_ratios(rows)


def _figures(workload, entry, context, limit):
    if entry.needs and installed_version(entry.needs) is None:
        return {"failure": f"{entry.needs} is not installed"}
    try:
        return _in_child(workload, entry.name, context, limit)
    except subprocess.TimeoutExpired:
        return {"failure": f"not finished within {limit:g} s"}
    except subprocess.CalledProcessError as error:
        return {"failure": f"ended with status {error.returncode}"}


def _in_child(workload, entry, context, limit):
    settings = {**asdict(context), "folder": str(context.folder.resolve())}
    task = {"workload": workload, "entry": entry, "context": settings}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.json"
        subprocess.run(
            [sys.executable, "-m", f"{__package__}.child", str(path)],
            input=json.dumps(task),
            text=True,
            cwd=ROOT,
            env={**os.environ, **THREADS},
            timeout=limit,
            check=True,
        )
        return read(path)


def _described(entry: Entry):
    return {"entry": entry.name, "kind": entry.kind, "target_ratio": entry.target}


def _with_ratios(rows):
    """Add the time of the fastest accurate peer to every row, and the ratio to it."""
    best = min(filter(_counts, rows), key=lambda row: row["seconds"], default=None)
    for row in rows:
        row["accurate"] = _is_accurate(row)
        row["fastest_peer"] = best and best["entry"]
        row["peer_seconds"] = best and best["seconds"]
        both = best and "seconds" in row
        row["ratio"] = best["seconds"] / row["seconds"] if both else None
    return rows


def _counts(row):
    return row["kind"] != "ours" and _is_accurate(row)


def _is_accurate(row):
    if "seconds" not in row:
        return None
    error = row["max_relative_error"]
    return error is None or error <= 1e-3
