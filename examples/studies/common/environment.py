"""Machine and software versions of a measurement."""

import platform
from contextlib import suppress
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["environment", "installed_version"]

DISTRIBUTIONS = (
    "sufficient-data",
    "torch",
    "numpy",
    "scipy",
    "skorch",
    "scikit-learn",
    "curvlinops-for-pytorch",
    "hessian-eigenthings",
    "pyhessian",
)


def environment() -> dict:
    """Machine, number of threads, date and versions."""
    return {
        "cpu": _cpu_model(),
        "threads": 1,
        "python": platform.python_version(),
        "system": platform.platform(),
        "date": datetime.now(timezone.utc).date().isoformat(),
        "versions": {name: installed_version(name) for name in DISTRIBUTIONS},
    }


def installed_version(distribution: str) -> str | None:
    """The version of a distribution; None if it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _cpu_model():
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
