"""Leading eigenvalues of the Hessian by other programs, with the same signature."""

import copy
import importlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from torch import Tensor, nn
from torch.func import functional_call, grad, jvp

from .problems import Problem, start_vector

__all__ = [
    "N_DIRECTIONS",
    "PEERS",
    "Peer",
    "Solved",
    "curvlinops_operator",
    "graph_kept_product",
]

N_DIRECTIONS = 10
# Dimensions of the Krylov space, cheapest first. ARPACK gets a tolerance that it always
# meets, so it never restarts. A single space of sufficient size is the fastest way.
SPACES = (16, 18, *range(20, 33), 34, 36, 40, 48, 64)
# At its default tolerance of 1e-3, PyHessian has an error of one per cent.
TOLERANCES = (1e-4, 3e-5, 1e-5, 3e-6, 1e-6)

Product = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Solved:
    """Eigenvalues, largest first, and the number of Hessian-vector products."""

    eigenvalues: np.ndarray
    n_products: int


@dataclass(frozen=True)
class Peer:
    """Another program for the leading eigenvalues.

    Attributes
    ----------
    name : str
        Name in the table.
    solve : callable
        ``solve(problem, start, accuracy, chunk)``, where `start` is the seed of the
        start vector and `accuracy` is one of `accuracies`.
    accuracies : sequence
        Accuracy settings to choose from, cheapest first.
    probe : int or float
        Accuracy setting for comparing the speed of different chunk sizes.
    needs : str or None
        Distribution that has to be installed.
    in_chunks : bool
        Whether it takes the samples in chunks; PyHessian takes a single batch.
    """

    name: str
    solve: Callable[[Problem, int, float, int], Solved]
    accuracies: Sequence[float]
    probe: float
    needs: str | None = None
    in_chunks: bool = True


def graph_kept_product(problem: Problem, chunk: int) -> Product:
    """Double backward; the graph of the gradient of every chunk is built once."""
    leaves = list(problem.module.parameters())
    gradients = [
        torch.autograd.grad(
            nn.functional.cross_entropy(problem.module(X), y, reduction="sum")
            / len(problem.X),
            leaves,
            create_graph=True,
        )
        for X, y in _chunks(problem, chunk)
    ]

    def product(vector):
        parts = _split(vector, leaves)
        total = torch.zeros_like(vector)
        for gradient in gradients:
            images = torch.autograd.grad(gradient, leaves, parts, retain_graph=True)
            total += torch.cat([image.reshape(-1) for image in images])
        return total

    return product


def _functional_product(problem, chunk):
    """Forward-over-reverse differentiation with torch.func."""
    parameters = dict(problem.module.named_parameters())
    parameters = {name: p.detach() for name, p in parameters.items()}

    def product(vector):
        parts = _split(vector, list(parameters.values()))
        tangent = dict(zip(parameters, parts, strict=True))
        total = torch.zeros_like(vector)
        for X, y in _chunks(problem, chunk):

            def loss(at, X=X, y=y):
                outputs = functional_call(problem.module, at, (X,))
                losses = nn.functional.cross_entropy(outputs, y, reduction="sum")
                return losses / len(problem.X)

            _, images = jvp(grad(loss), (parameters,), (tangent,))
            total += torch.cat([image.reshape(-1) for image in images.values()])
        return total

    return product


def curvlinops_operator(problem: Problem, chunk: int):
    """The Hessian as a linear operator of curvlinops."""
    from curvlinops import HessianLinearOperator

    return HessianLinearOperator(
        problem.module,
        nn.CrossEntropyLoss(),
        list(problem.module.parameters()),
        _chunks(problem, chunk),
        check_deterministic=False,
        num_data=len(problem.X),
    )


def _curvlinops_product(problem, chunk):
    operator = curvlinops_operator(problem, chunk)
    return lambda vector: operator @ vector


def _by_eigsh(make_product):
    def solve(problem, start, accuracy, chunk):
        product, n_products = make_product(problem, chunk), 0

        def matvec(vector):
            nonlocal n_products
            n_products += 1
            with torch.enable_grad():
                tensor = torch.from_numpy(np.ascontiguousarray(vector.reshape(-1)))
                return product(tensor).detach().numpy()

        values = _eigenvalues(
            LinearOperator((problem.n_weights,) * 2, matvec=matvec, dtype=np.float32),
            ncv=accuracy,
            v0=start_vector(start, problem.n_weights).numpy(),
        )
        return Solved(values, n_products)

    return solve


def _eigenvalues(operator, ncv, v0):
    settings = {"k": N_DIRECTIONS, "which": "LA", "ncv": ncv, "tol": 1.0, "v0": v0}
    try:
        found = eigsh(operator, return_eigenvectors=True, **settings)[0]
    except ArpackNoConvergence as stopped:
        found = stopped.eigenvalues
    return np.sort(found)[::-1]


def _hessian_eigenthings(problem, start, accuracy, chunk):
    from hessian_eigenthings import HessianOperator, lanczos, supervised_loss

    criterion = supervised_loss(nn.CrossEntropyLoss())
    operator = HessianOperator(problem.module, _chunks(problem, chunk), criterion)
    found = lanczos(operator, k=N_DIRECTIONS, max_iter=accuracy, which="LA", seed=start)
    return Solved(found.eigenvalues.double().numpy(), found.iterations)


def _pyhessian(problem, start, accuracy, chunk):
    # By its full name, because the package replaces the module by a class of this name.
    published = importlib.import_module("pyhessian.hessian")
    n_products, multiply = 0, published.hessian_vector_product

    def counted(*args):
        nonlocal n_products
        n_products += 1
        return multiply(*args)

    published.hessian_vector_product = counted
    # A copy, because PyHessian leaves graphs in the gradients of the module.
    module = copy.deepcopy(problem.module)
    torch.manual_seed(start)
    warnings.filterwarnings("ignore", "Using backward.. with create_graph")
    try:
        computer = published.hessian(
            module, nn.CrossEntropyLoss(), data=(problem.X, problem.y), cuda=False
        )
        values, _ = computer.eigenvalues(maxIter=1000, tol=accuracy, top_n=N_DIRECTIONS)
    finally:
        published.hessian_vector_product = multiply
        module.zero_grad(set_to_none=True)
    return Solved(np.sort(values)[::-1], n_products)


def _chunks(problem, size):
    return list(zip(problem.X.split(size), problem.y.split(size), strict=True))


def _split(vector, like):
    parts = vector.split([tensor.numel() for tensor in like])
    return [part.view_as(tensor) for part, tensor in zip(parts, like, strict=True)]


PEERS = {
    peer.name: peer
    for peer in (
        Peer("graph kept + eigsh", _by_eigsh(graph_kept_product), SPACES, 11),
        Peer("torch.func + eigsh", _by_eigsh(_functional_product), SPACES, 11),
        Peer(
            "hessian-eigenthings",
            _hessian_eigenthings,
            SPACES,
            11,
            "hessian-eigenthings",
        ),
        Peer(
            "curvlinops + eigsh",
            _by_eigsh(_curvlinops_product),
            SPACES,
            11,
            "curvlinops-for-pytorch",
        ),
        Peer("PyHessian", _pyhessian, TOLERANCES, 1.0, "pyhessian", in_chunks=False),
    )
}
