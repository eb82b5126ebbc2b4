"""What can be proved about the curvature of a ReLU network and the change of its loss.

The functions here are the corrected statements; `sufficient.theory.printed` has the
formulas as the papers print them, to compare them with. The proofs are in
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
