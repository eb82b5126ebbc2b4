"""Top eigenvalues of the Hessian as the library computes them."""

from sufficient.curvature import top_eigenpairs

from .peers import N_DIRECTIONS, Solved
from .problems import Problem, start_vector

__all__ = ["solve"]


def solve(problem: Problem, start: int, tol: float, **how) -> Solved:
    """The signature of a peer, but for the chunk, which the library chooses."""
    size = sum(p.numel() for p in problem.module.parameters())
    found = top_eigenpairs(
        problem.module,
        problem.X,
        problem.y,
        n_directions=N_DIRECTIONS,
        tol=tol,
        v0=start_vector(start, size),
        **how,
    )
    return Solved(found.eigenvalues, found.n_products)
