r"""Restrict the weights of a wide first layer to a few directions of the input.

The leading eigenvectors of the Hessian hardly use most input directions: neighbouring
pixels are correlated, and samples that are fitted well contribute no curvature. Let P
hold orthonormal directions of the input, and let the first weights change by ``Z P'``
only. This restricts the Hessian to a subspace. Its Ritz values there are lower bounds
of its eigenvalues, and a product costs as much as for inputs of length ``P.shape[1]``.

The error of this is certified. Let C be the component of ``H v`` outside the subspace
and mu the largest curvature there. Then

.. math:: \frac{\lVert C_i \rVert^2}{\theta_i} \lesssim \lambda_i - \theta_i
    \lesssim \frac{\lVert C_i \rVert^2}{\theta_i-\mu},

by the Schur complement of the block outside. This block has no negative curvature if
the network is piecewise linear and the loss is convex in the outputs. The mean of the
two bounds is added to the Ritz value.

The norm of C is estimated with a sketch: a few random combinations of the inputs left
out, which take part in the products but have no weights. For mu there is a bound: the
largest eigenvalue of the second moments of the inputs left out, where each sample is
weighted by its curvature at the outputs of the first layer. P holds the leading
eigenvectors of these moments, computed from the samples that contribute most.
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
from sufficient.ranks import broadcast
from sufficient.sample_weights import Targets
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
    full : Objective
        Network and loss as a function of all weights.
    objective : Objective
        Network and loss as a function of the kept weights. Those of the first layer
        are displacements from its present weights.
    layers : list of (str, nn.Module)
        Layers of the network.
    before : list of nn.Module
        Layers before the first trainable one.
    mixed : Tensor of shape (n_inputs, n_outputs + n_kept + n_sketch)
        Concatenation of the weights W of the first layer, the directions P and the
        sketch of the inputs left out.
    shift : Tensor of shape (n_outputs,)
        Bias of the first layer.
    names : dict of str
        From the name of a kept parameter to its name in the full network.
    outside : float
        Upper bound on the curvature in the weights left out.
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
        """Rows ``[W x + b, P' x, sketch]``, the inputs of the compressed network."""
        return torch.cat([self._rows(X[part]) for part in chunks(len(X), CHUNK)])

    def expand(self, vectors: Tensor) -> Tensor:
        """Vectors of kept weights, one per row, as vectors of all weights."""
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
        """Projection of a vector of all weights onto the kept weights."""
        named = self.full.unflatten(vector)
        kept = [named[self.names[name]] for name in self.objective.parameters]
        return self.objective.flatten([kept[0] @ self._directions, *kept[1:]])

    def shortfall(
        self, values: np.ndarray, products: Tensor, tol: float
    ) -> np.ndarray | None:
        """How far the Ritz values lie below the eigenvalues, if this is certified.

        Parameters
        ----------
        values : ndarray of shape (d,)
            Ritz values.
        products : Tensor of shape (d, n_kept_parameters + n_left_out)
            Products with the Ritz vectors.
        tol : float
            Largest error of the result, relative to the values.

        Returns
        -------
        ndarray of shape (d,) or None
            None if the error may be larger than allowed, or the curvature left out as
            large as a Ritz value. The error is half the distance between the two
            bounds, plus three standard deviations of the sketch.
        """
        left_out = products[:, self.objective.n_parameters :]
        squared, noise = map(broadcast, _squared_lengths(left_out))
        if np.any(values <= self.outside):
            return None
        least, most = squared / values, squared / (values - self.outside)
        middle = (least + most) / 2
        error = (most - least) / 2 + 3 * noise * middle
        return middle if np.all(error <= tol * np.abs(values)) else None

    def for_samples(self, X: Rows, y: Targets) -> Compression:
        """The same compression, with `outside` computed for these samples."""
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
    objective: Objective, X: Rows, y: Targets, n_kept: int = N_KEPT
) -> Compression | None:
    """Compression of the first layer of a network, if it is possible and worthwhile.

    Parameters
    ----------
    objective : Objective
        Network and loss.
    X, y : Rows, Targets
        Samples and targets.
    n_kept : int, default=128
        Number of input directions kept.

    Returns
    -------
    Compression or None
        None unless all of these hold: the samples are in memory; the network is a
        piecewise linear chain of layers; its first trainable layer is fully connected,
        with at least three times as many inputs as are kept and sketched; the loss is
        convex in the outputs for every sample.
    """
    if not isinstance(X, Tensor):
        # Neither the samples nor the compressed inputs would fit in memory.
        return None
    layers = objective.layers(X)
    if layers is None:
        return None
    found = _wide_first_layer(objective, layers, n_kept)
    if found is None:
        return None
    place, first = found
    moments = WeightedMoments.of_share(objective, layers, X, y)
    if not moments.are_finite:
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
    """Position and module of the first trainable layer, if it can be compressed."""
    trained = [_is_trained(objective, name) for name, _ in layers]
    place = trained.index(True)
    first, *rest = (module for _, module in layers[place:])
    if type(first) is not nn.Linear or not first.weight.requires_grad:
        return None
    wide = first.in_features >= 3 * (n_kept + N_SKETCH)
    piecewise_linear = all(isinstance(module, PIECEWISE_LINEAR) for module in rest)
    return (place, first) if wide and piecewise_linear else None


def _is_trained(objective, name):
    return any(f"{name}.{key}".lstrip(".") in objective.parameters for key in KEYS)


def _squared_lengths(sketched):
    """Estimates of squared norms from sketches, and their relative standard errors.

    The estimate for a matrix with singular values c, from a sketch of s columns, has
    the variance ``2 sum(c^4) / s``.
    """
    mixtures = sketched.cpu().double().unflatten(1, (-1, N_SKETCH))
    moments = mixtures.mT @ mixtures
    squared = torch.diagonal(moments, dim1=1, dim2=2).sum(1)
    spread = moments.square().sum((1, 2)) / squared.square().clamp_min(TINY)
    noise = (2 * spread / N_SKETCH).sqrt()
    return squared.numpy(), noise.numpy()


def _sketch(directions):
    """Random combinations of the inputs left out, with unbiased squared norms."""
    generator = torch.Generator().manual_seed(1)
    mixtures = torch.randn(len(directions), N_SKETCH, generator=generator)
    mixtures = mixtures.to(directions) / N_SKETCH**0.5
    return mixtures - directions @ (directions.T @ mixtures)
