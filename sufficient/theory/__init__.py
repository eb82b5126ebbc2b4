"""Proved bounds on the curvature of ReLU networks and on the change of their loss.

The functions here are the corrected statements. `sufficient.theory.printed` has the
formulas as printed in the papers, for comparison. The proofs are in
docs/explanation/theory.md.
"""

from sufficient.theory import printed
from sufficient.theory.change import delta_bound, loss_change_bound
from sufficient.theory.factors import (
    GaussNewtonFactors,
    gauss_newton_factors,
    gauss_newton_norms,
)
from sufficient.theory.hessian import (
    hessian_norm_bound,
    hessian_norm_bound_from_constants,
    weight_norm_bound,
)
from sufficient.theory.layers import spectral_norms
from sufficient.theory.split import HessianSplit, hessian_split

__all__ = [
    "GaussNewtonFactors",
    "HessianSplit",
    "delta_bound",
    "gauss_newton_factors",
    "gauss_newton_norms",
    "hessian_norm_bound",
    "hessian_norm_bound_from_constants",
    "hessian_split",
    "loss_change_bound",
    "printed",
    "spectral_norms",
    "weight_norm_bound",
]
