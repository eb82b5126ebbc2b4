"""All workloads by name."""

from .curve import FixedWeightsCurve
from .draws import MonteCarlo
from .eigen import Eigenpairs
from .growth import Growth
from .main_job import MainJob
from .projections import Projections

__all__ = ["WORKLOADS"]

MLP = {
    "ours, exact": 1.5,
    "ours, exact, one search": 1.5,
    "ours, compressed": 3.0,
    "ours, compressed, one search": 3.0,
}
CNN = {"ours, exact": 5.0, "ours, exact, one search": 5.0}

WORKLOADS = {
    workload.name: workload
    for workload in (
        *(Eigenpairs("mlp", n, MLP) for n in (1000, 5000, 20_000)),
        *(Eigenpairs("cnn", n, CNN) for n in (1000, 5000)),
        FixedWeightsCurve(30.0),
        Projections(1 / 1.5),
        MonteCarlo(5.0),
        MainJob(30.0),
        Growth(2 / 2.5),
    )
}
