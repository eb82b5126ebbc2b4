"""
How loose are the bounds?
=========================

Every bound of `sufficient.theory` divided by the true value, for networks with random
and with trained weights. Small by default. ``--full`` uses Fashion-MNIST and networks
of the two papers, and takes a minute. Prints the tables of docs/explanation/theory.md.
"""

import argparse

import numpy as np
import pandas as pd
import torch

from sufficient import theory
from sufficient.curvature import top_eigenpairs
from sufficient.curvature.objective import Objective
from sufficient.datasets import load_digits_images, load_fashion_mnist
from sufficient.landscape.delta import SecondOrder, SecondOrderForm
from sufficient.landscape.displaced import losses_at
from sufficient.landscape.projection import project
from sufficient.nets import default_net
from sufficient.theory import printed

from .common.needs import require, without_files

SMALL = {"32": {"hidden_sizes": (32,)}}
FULL = {
    "128-64": {"hidden_sizes": (128, 64)},
    "6 x 16, no bias": {"hidden_sizes": (16,) * 6, "bias": False},
}


def module_of(X, y, weights, **params):
    torch.manual_seed(0)
    params |= {"n_inputs": X.shape[1], "n_outputs": 10}
    net = default_net(**{f"module__{name}": value for name, value in params.items()})
    return (net.fit(X, y) if weights == "trained" else net.initialize()).module_.eval()


def hessian_column(module, X, y):
    truth = theory.hessian_split(module, X, y, random_state=0)
    norms, M_x = theory.spectral_norms(module), np.linalg.norm(X, axis=1).max()
    relaxed = theory.hessian_norm_bound(module, X, matrix="ggn", form="constants")
    column = {
        "|G|": truth.g_term,
        "|H|": truth.hessian,
        "T1": theory.hessian_norm_bound(module, X, matrix="ggn") / truth.g_term,
        "T1 printed": printed.theorem_1_layers(module, X) / truth.g_term,
        "T1 relaxed": relaxed / truth.g_term,
        "T1 relaxed, printed": printed.theorem_1(len(norms), M_x, norms.max())
        / truth.g_term,
        "T1 + H-term": theory.hessian_norm_bound(module, X) / truth.hessian,
        "H/G": truth.h_term / truth.g_term,
        "H/G of the mean": truth.mean_h_term / truth.mean_g_term,
    }
    return {name: np.median(ratio) for name, ratio in column.items()}


def increments(values):
    k = np.arange(1, len(values))[:, None]
    return (values[1:] - values.cumsum(axis=0)[:-1] / k) / (k + 1)


def change_column(module, X, y, sigma, d=10):
    X, y, k = torch.as_tensor(X), torch.as_tensor(y), np.arange(1, len(X))
    P = top_eigenpairs(module, X, y, n_directions=d, random_state=0).eigenvectors
    objective, theta = Objective(module, "cross_entropy"), sigma * torch.randn(64, d)
    at = project(objective, X, y, P, matrix="hessian")
    rows = SecondOrder(at.losses, at.gradients, at.hessians).rows
    model = SecondOrderForm(sigma, d)(increments(rows))
    real = increments(losses_at(objective, X, y, P, theta).T)
    parts = at.losses, np.linalg.norm(at.gradients, axis=1)
    M = [part.max() for part in (*parts, np.linalg.norm(at.hessians, 2, (1, 2)))]
    R, names = theta.norm(dim=1).max().item(), ("loss", "gradient_norm", "hessian_norm")
    constants = {f"max_{name}": value for name, value in zip(names, M, strict=True)}
    delta = theory.delta_bound(k, **constants, sigma=sigma, n_directions=d)
    moved = np.abs(real).max(axis=1)
    column = {
        "Delta": delta / model,
        "Delta, printed": printed.subspace_rate(k, *M, sigma, d) / model,
        "Delta, real loss": delta / (real**2).mean(axis=1),
        "L2, real loss": theory.loss_change_bound(k, **constants, radius=R) / moved,
        "L2 printed, real loss": printed.lemma_2(k, M[0], M[2], R) / moved,
    }
    lowest = {f"{name}, lowest": ratio.min() for name, ratio in column.items()}
    return {name: np.median(ratio) for name, ratio in column.items()} | lowest


def main():
    """Print two tables: medians over samples, and medians over k."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    full = parser.parse_args().full
    require(without_files([load_fashion_mnist] * full))
    X, y = load_fashion_mnist(n_samples=5_000) if full else load_digits_images()
    few, n = (100, 1_000) if full else (20, 200)
    norms, changes = {}, {}
    for name, params in (FULL if full else SMALL).items():
        for weights in ("random", "trained"):
            module = module_of(X, y, weights, **params)
            norms[name, weights] = hessian_column(module, X[:few], y[:few])
            for sigma in (0.1, 1.0):
                column = change_column(module, X[:n], y[:n], sigma)
                changes[name, weights, sigma] = column
    for table in (norms, changes):
        print(pd.DataFrame(table).to_string(float_format="{:.2g}".format), end="\n\n")


if __name__ == "__main__":
    main()
