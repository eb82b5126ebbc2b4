"""Loss, gradient and exact Hessian of every sample in ten directions."""

from itertools import pairwise

import numpy as np
import torch
from torch.func import jacfwd

from sufficient.curvature.objective import Objective
from sufficient.landscape.projection import project

from ..common.clock import timed
from ..common.memory import PeakMemory
from .context import Context, Entry, Figures
from .peers import N_DIRECTIONS
from .plane import losses_in_plane, random_basis
from .problems import load_problem

__all__ = ["Projections"]

FLOOR = "floor: FLOPs / GEMM speed"
N_CHECKED = 64


class Projections:
    r"""l_i, g_i and h_i of 60,000 samples, MLP 784-128-64-10, compared with a floor.

    The floor is a lower limit of the time: the number of multiply-adds, two FLOPs each,
    divided by the best speed of a single-precision matrix product with the shape of the
    first layer and all directions at once, measured in the same run. With layer widths
    m_0 ... m_L, numbers of weights w_l = m_{l-1} m_l and d directions, the
    multiply-adds for one sample are

    - sum of w_l for the forward pass;
    - sum of w_l over l >= 2 for delta_l, the derivative of the loss with respect to the
      outputs of each layer;
    - d w_1 for the tangents T_1^a = V_1^a x_0 of the first layer, whose input is
      constant, and 2 d w_l for T_l^a = V_l^a x_{l-1} + W_l D T_{l-1}^a of each later
      layer;
    - d^2 m_L for the curvature of the criterion, T_L^a' A T_L^b;
    - d w_l for delta_l' V_l^a, and d^2 m_{l-1} for the products with the tangents, in
      the second-order terms delta_l' V_l^a D T_{l-1}^b of the later layers. The terms
      with a and b exchanged are their transposes.

    Biases, elementwise operations and memory traffic are not counted, so no program can
    reach the floor.
    """

    name = "projections"

    def __init__(self, target: float | None) -> None:
        self.entries = [Entry(FLOOR, "floor"), Entry("ours", "ours", target)]

    def prepare(self, context: Context) -> None:
        """Train the network."""
        load_problem("mlp", 1000, context)

    def measure(self, entry: str, context: Context) -> Figures:
        """Measure one entry."""
        problem = load_problem("mlp", 60_000, context)
        return _floor(problem) if entry == FLOOR else _ours(problem)


def _ours(problem):
    basis = random_basis(problem)
    objective = Objective(problem.module, "cross_entropy")
    part = problem.first(N_CHECKED)
    few = project(objective, part.X, part.y, basis, matrix="hessian")
    memory = PeakMemory()
    run = timed(project, objective, problem.X, problem.y, basis, matrix="hessian")
    return Figures.of(
        len(problem.X),
        [run],
        max_relative_error=_error(few.hessians, part, basis),
        peak_memory=memory.beyond_baseline(),
    )


def _error(found, problem, basis):
    """Largest difference from nested forward mode, relative to the largest entry."""
    losses = losses_in_plane(problem, basis)
    exact = jacfwd(jacfwd(losses))(torch.zeros(basis.shape[1])).detach().numpy()
    return float(np.abs(found - exact).max() / np.abs(exact).max())


def _floor(problem):
    widths = [layer.in_features for layer in problem.module if hasattr(layer, "weight")]
    flops = 2 * _multiply_adds([*widths, 10], N_DIRECTIONS) * len(problem.X)
    speed = _gemm_speed(widths[0], widths[1] * N_DIRECTIONS)
    return Figures(
        n=len(problem.X),
        seconds=flops / speed,
        wall_seconds=flops / speed,
        repetitions=[flops / speed],
        details={"gigaflop": flops / 1e9, "gigaflop_per_second": speed / 1e9},
    )


def _multiply_adds(widths, d):
    """Multiply-adds for one sample, as in the docstring of `Projections`."""
    weights = [a * b for a, b in pairwise(widths)]
    later = sum(weights[1:])
    forward_and_backward = sum(weights) + later
    tangents = d * (weights[0] + 2 * later)
    second_order = d**2 * widths[-1] + d * later + d**2 * sum(widths[1:-1])
    return forward_and_backward + tangents + second_order


def _gemm_speed(n_in, n_out):
    """FLOPs per second of a matrix product, for the best number of rows."""
    right = torch.randn(n_in, n_out)
    speeds = []
    for rows in (256, 512, 1024, 2048):
        left, out = torch.randn(rows, n_in), torch.empty(rows, n_out)
        seconds = min(timed(torch.mm, left, right, out=out).cpu for _ in range(20))
        speeds.append(2 * rows * n_in * n_out / seconds)
    return max(speeds)
