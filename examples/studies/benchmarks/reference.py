"""Reference eigenvalues in float64, computed once and stored in a file."""

import copy
import hashlib

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh

from ..common.store import cached
from .context import Context
from .peers import N_DIRECTIONS, graph_kept_product
from .problems import Problem

__all__ = ["reference_eigenvalues", "relative_error"]

CHUNK = 500
KRYLOV_DIMENSION = 48


def reference_eigenvalues(problem: Problem, context: Context) -> np.ndarray:
    """Ten leading eigenvalues by eigsh in float64 with tolerance 1e-10."""
    path = context.folder / f"eigenvalues-{_fingerprint(problem)}.npz"
    return cached(path, _solve, problem)["eigenvalues"]


def relative_error(found: np.ndarray, exact: np.ndarray) -> float:
    """Largest relative error; infinity if eigenvalues are missing."""
    if found.shape != exact.shape:
        return float("inf")
    return float(np.max(np.abs(found - exact) / np.abs(exact)))


def _solve(problem):
    module = copy.deepcopy(problem.module).double()
    exact = Problem(module, problem.X.double(), problem.y)
    product = graph_kept_product(exact, CHUNK)
    operator = LinearOperator(
        (exact.n_weights, exact.n_weights),
        matvec=lambda v: product(torch.from_numpy(v.reshape(-1))).numpy(),
        dtype=np.float64,
    )
    start = np.random.default_rng(0).standard_normal(exact.n_weights)
    settings = {"which": "LA", "ncv": KRYLOV_DIMENSION, "tol": 1e-10, "v0": start}
    values = eigsh(operator, N_DIRECTIONS, return_eigenvectors=False, **settings)
    return {"eigenvalues": np.sort(values)[::-1]}


def _fingerprint(problem):
    digest = hashlib.sha256()
    for tensor in (*problem.module.parameters(), problem.X, problem.y):
        digest.update(tensor.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
