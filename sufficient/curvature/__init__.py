"""Curvature of the training loss: Hessian-vector products and leading eigenpairs."""

from sufficient.curvature.solve import top_eigenpairs
from sufficient.results import EigenResult

__all__ = ["EigenResult", "top_eigenpairs"]
