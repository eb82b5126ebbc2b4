r"""Weights of a wide first layer in the few input directions that carry curvature.

The top eigenvectors of a Hessian hardly use most of the inputs of a network: neighbour-
ing pixels say the same, and samples that are fitted well bend the loss in no direction.
With orthonormal directions P of the input, let the first weights move by ``Z P'`` only.
That restricts the Hessian to a subspace, in which its Ritz values are lower bounds of
its eigenvalues, and products cost what they would for inputs as short as P is wide.

How much is lost is certified. With C the part of ``H v`` outside the subspace and mu
the largest curvature there,

.. math:: \frac{\lVert C_i \rVert^2}{\theta_i} \lesssim \lambda_i - \theta_i
    \lesssim \frac{\lVert C_i \rVert^2}{\theta_i-\mu},

by the Schur complement of the outside, which for a network of straight pieces under a
loss that is convex in the outputs has no negative curvature. The middle is added to the
Ritz value. A few random mixtures of the inputs left out, carried along without weights,
estimate the length of C; and mu is at most the largest eigenvalue of the left-out
inputs' second moments, weighted by the curvature that each sample has at the first
layer's outputs. P is the leading part of those moments for the samples that weigh most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from sufficient.curvature.eigenpairs.moments import WeightedMoments
from sufficient.curvature.layers.chain import NamedLayers
from sufficient.curvature.layers.displaced import Displaced
from sufficient.curvature.objective import Objective, chunks
from sufficient.ranks import agreed
from sufficient.typing import Rows

__all__ = ["N_KEPT", "Compression", "compression_of"]

N_KEPT = 128
N_SKETCH = 64
CHUNK = 2048
TINY = 1e-300
KEYS = ("weight", "bias")
PIECEWISE_LINEAR = (nn.Linear, nn.ReLU, nn.LeakyReLU)


@dataclass(frozen=True)
class Compression:
    """A change of variables to fewer weights.

    Attributes
    ----------
    full, objective : Objective
        Network and loss as functions of all weights, and of those kept, which are
        displacements from where the first layer is now.
    layers : list of (str, nn.Module)
        Layers of the network.
    before : list of nn.Module
        What the data go through in front of the first trainable one.
    mixed : Tensor of shape (n_inputs, n_outputs + n_kept + n_sketch)
        Weights W of the first layer, directions P and sketch of the rest, side by side.
    shift : Tensor of shape (n_outputs,)
        Bias of the first layer.
    names : dict of str
        Name of a parameter kept -> its name among all.
    outside : float
        Bound on the curvature in the weights left out.
    """

    full: Objective
    objective: Objective
    layers: NamedLayers
    before: list[nn.Module]
    mixed: Tensor
    shift: Tensor
    names: dict[str, str]
    outside: float

    def inputs(self, X: Rows) -> Tensor:
        """Rows ``[W x + b, P' x, sketch]``, as the compressed network takes them."""
        return torch.cat([self._rows(X[part]) for part in chunks(len(X), CHUNK)])

    def expand(self, vectors: Tensor) -> Tensor:
        """Rows of kept weights, (n_vectors, n_kept_parameters), among all weights."""
        kept = self.objective.unflatten(vectors)
        named = {self.names[name]: tensor for name, tensor in kept.items()}
        first = next(iter(self.names.values()))
        named[first] = named[first] @ self._directions.T
        lead = (len(vectors),)
        return torch.cat(
            [
                named.get(name, here.new_zeros(lead + here.shape)).flatten(1)
                for name, here in self.full.parameters.items()
            ],
            dim=1,
        )

    def restrict(self, vector: Tensor) -> Tensor:
        """Kept coordinates of a vector of all weights."""
        named = self.full.unflatten(vector)
        kept = [named[self.names[name]] for name in self.objective.parameters]
        return self.objective.flatten([kept[0] @ self._directions, *kept[1:]])

    def shortfall(
        self, values: np.ndarray, images: Tensor, tol: float
    ) -> np.ndarray | None:
        """How far Ritz values lie below the eigenvalues, where that is certified.

        Parameters
        ----------
        values : ndarray of shape (d,)
            Ritz values.
        images : Tensor of shape (d, n_kept_parameters + n_left_out)
            Images of their Ritz vectors.
        tol : float
            Largest error of what is lost, relative to the values.

        Returns
        -------
        ndarray of shape (d,) or None
            None where the error, half the distance between the two bounds and three
            standard deviations of the sketch, is larger, or the curvature left out may
            be as large as a value.
        """
        left_out = images[:, self.objective.n_parameters :]
        squared, noise = map(agreed, _squared_lengths(left_out))
        if np.any(values <= self.outside):
            return None
        least, most = squared / values, squared / (values - self.outside)
        middle = (least + most) / 2
        error = (most - least) / 2 + 3 * noise * middle
        return middle if np.all(error <= tol * np.abs(values)) else None

    def measured_on(self, X: Rows, y: Tensor) -> Compression:
        """The same with the outside as it is for some samples."""
        moments = WeightedMoments.of_share(self.full, self.layers, X, y)
        return replace(self, outside=moments.largest_outside(self._directions))

    @property
    def _directions(self):
        n_outputs, n_kept = next(iter(self.objective.parameters.values())).shape
        return self.mixed[:, n_outputs : n_outputs + n_kept]

    def _rows(self, X):
        for module in self.before:
            X = module(X)
        rows = X @ self.mixed
        rows[:, : len(self.shift)] += self.shift
        return rows


def compression_of(
    objective: Objective, X: Rows, y: Tensor, n_kept: int = N_KEPT
) -> Compression | None:
    """Compression of a network's first layer for these samples, where it pays.

    Parameters
    ----------
    objective : Objective
        Network and loss.
    X, y : Rows, Tensor
        Samples and targets.
    n_kept : int, default=128
        Input directions kept.

    Returns
    -------
    Compression or None
        None unless the samples are in memory, the network is a chain of straight pieces
        whose first trainable layer is linear and at least three times as wide as what
        is kept, and the loss bends upwards at the outputs for every sample.
    """
    if not isinstance(X, Tensor):
        # Its rows would not fit in memory, let alone side by side with themselves.
        return None
    layers = objective.layers(X)
    if layers is None:
        return None
    found = _wide_first_layer(objective, layers, n_kept)
    if found is None:
        return None
    place, first = found
    moments = WeightedMoments.of_share(objective, layers, X, y)
    if not moments.are_bounded:
        return None
    directions = moments.leading_directions(n_kept)
    rest = layers[place + 1 :]
    bias = first.bias is not None and first.bias.requires_grad
    displaced = Displaced(first.out_features, n_kept, bias).to(directions)
    reduced = nn.Sequential(displaced, *(module for _, module in rest))
    names = [name for name, _ in layers[place:]]
    shift = first.bias
    if shift is None:
        shift = directions.new_zeros(first.out_features)
    return Compression(
        full=objective,
        objective=Objective(reduced, objective.loss, cache_bytes=objective.cache_bytes),
        layers=layers,
        before=[module for _, module in layers[:place]],
        mixed=torch.cat(
            [first.weight.detach().T, directions, _sketch(directions)], dim=1
        ),
        shift=shift.detach(),
        names={
            f"{i}.{key}": f"{name}.{key}".lstrip(".")
            for i, name in enumerate(names)
            for key in KEYS
        },
        outside=moments.largest_outside(directions),
    )


def _wide_first_layer(
    objective: Objective, layers: NamedLayers, n_kept: int
) -> tuple[int, nn.Linear] | None:
    """The first trainable layer and its place, if it is one to be compressed."""
    trained = [_is_trained(objective, name) for name, _ in layers]
    place = trained.index(True)
    first, *rest = (module for _, module in layers[place:])
    if type(first) is not nn.Linear or not first.weight.requires_grad:
        return None
    wide = first.in_features >= 3 * (n_kept + N_SKETCH)
    straight = all(isinstance(module, PIECEWISE_LINEAR) for module in rest)
    return (place, first) if wide and straight else None


def _is_trained(objective, name):
    return any(f"{name}.{key}".lstrip(".") in objective.parameters for key in KEYS)


def _squared_lengths(sketched):
    """Squared lengths of vectors from their sketches, and relative noise of each.

    Sketched through s mixtures, a matrix of singular values c has a squared length with
    the variance ``2 sum(c^4) / s``.
    """
    mixtures = sketched.unflatten(1, (-1, N_SKETCH)).double()
    moments = mixtures.mT @ mixtures
    squared = torch.diagonal(moments, dim1=1, dim2=2).sum(1)
    spread = moments.square().sum((1, 2)) / squared.square().clamp_min(TINY)
    noise = (2 * spread / N_SKETCH).sqrt()
    return squared.cpu().numpy(), noise.cpu().numpy()


def _sketch(directions):
    """Random mixtures of the inputs left out that keep lengths on average."""
    generator = torch.Generator().manual_seed(1)
    mixtures = torch.randn(len(directions), N_SKETCH, generator=generator)
    mixtures = mixtures.to(directions) / N_SKETCH**0.5
    return mixtures - directions @ (directions.T @ mixtures)
