"""Leading eigenvalues of the Hessian, computed by the library."""

from sufficient.curvature import top_eigenpairs

from .peers import N_DIRECTIONS, Solved
from .problems import Problem, start_vector

__all__ = ["solve"]


def solve(problem: Problem, start: int, tol: float, **how) -> Solved:
    """Like `Peer.solve`; the library chooses the chunk size itself."""
    found = top_eigenpairs(
        problem.module,
        problem.X,
        problem.y,
        n_directions=N_DIRECTIONS,
        tol=tol,
        v0=start_vector(start, problem.n_weights),
        **how,
    )
    return Solved(found.eigenvalues, found.n_products)
