"""Curvature of the training loss: products, eigenpairs, projections."""

from sufficient.curvature.solve import top_eigenpairs
from sufficient.results import EigenResult

__all__ = ["EigenResult", "top_eigenpairs"]
