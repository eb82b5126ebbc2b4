"""Eigenpairs of a net. Oracles: dense float64 Hessians by autograd, kept spectra."""

import numpy as np
import pytest
import torch
from torch import nn

from sufficient import MLP
from sufficient.curvature import top_eigenpairs
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.landscape.projection import project
from sufficient.reproducibility.arithmetic import exact_arithmetic
from tests.curvature.cases import CASES, hessian_of, make_case
from tests.dense import spectrum
from tests.places import REFERENCE


@pytest.mark.parametrize("name", CASES)
def test_eigenvalues_equal_those_of_the_dense_hessian_in_float64(name):
    net, X, y, loss = make_case(name)
    truth = spectrum(hessian_of(net, X, y, loss))
    found = top_eigenpairs(
        net, X, y, loss=loss, n_directions=6, tol=1e-9, random_state=0
    )
    assert found.converged
    np.testing.assert_allclose(found.eigenvalues, truth[:6], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_eigenvectors_satisfy_the_eigen_equation_to_the_stated_residual(name):
    net, X, y, loss = make_case(name)
    H = hessian_of(net, X, y, loss)
    found = top_eigenpairs(
        net, X, y, loss=loss, n_directions=4, tol=1e-6, random_state=0
    )
    P, values = found.eigenvectors, torch.as_tensor(found.eigenvalues)
    rest = torch.linalg.vector_norm(H @ P - P * values, dim=0)
    torch.testing.assert_close(P.T @ P, torch.eye(4, dtype=torch.float64))
    np.testing.assert_allclose(rest, found.residuals, rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("chunk_size", [None, 7, 40])
def test_chunks_do_not_change_the_product(chunk_size):
    net, X, y, loss = make_case("mlp")
    H = hessian_of(net, X, y, loss)
    v = torch.randn(len(H), dtype=torch.float64)
    operator = CurvatureOperator(Objective(net, loss), X, y, chunk_size=chunk_size)
    torch.testing.assert_close(operator @ v, H @ v)


@pytest.mark.parametrize("name", ["mlp", "tanh", "conv", "regression"])
def test_gauss_newton_equals_jacobian_times_output_hessian(name):
    net, X, y, loss = make_case(name)
    objective = Objective(net, loss)
    J = torch.func.jacrev(lambda p: objective.outputs(p, X))(objective.parameters)
    n, c = net(X).shape
    J = torch.cat([part.reshape(n, c, -1) for part in J.values()], dim=2)
    outputs = net(X).detach()
    A = torch.stack(
        [
            torch.func.hessian(lambda z, i=i: objective.loss(z[None], y[i : i + 1])[0])(
                outputs[i]
            )
            for i in range(n)
        ]
    )
    G = torch.einsum("ncp,ncd,ndq->pq", J, A, J) / n
    truth = spectrum(G)
    found = top_eigenpairs(
        net, X, y, loss=loss, matrix="ggn", n_directions=5, tol=1e-9, random_state=0
    )
    np.testing.assert_allclose(found.eigenvalues, truth[:5], rtol=1e-8)


def test_more_directions_than_parameters_gives_the_whole_spectrum():
    X = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    found = top_eigenpairs(
        nn.Linear(2, 1, bias=False), X, torch.zeros(2), loss="mse", n_directions=9
    )
    np.testing.assert_allclose(found.eigenvalues, [4, 1], rtol=1e-5)


def test_the_module_is_left_as_it_was():
    net, X, y, loss = make_case("dropout and batch norm")
    net.train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    top_eigenpairs(net, X, y, loss=loss, n_directions=2, random_state=0)
    assert all(module.training for module in net.modules())
    assert all(torch.equal(before[n], v) for n, v in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())


def test_frozen_parameters_do_not_count():
    net, X, y, loss = make_case("mlp")
    net.layers[1].requires_grad_(False)
    trainable = sum(p.numel() for p in net.parameters() if p.requires_grad)
    found = top_eigenpairs(net, X, y, loss=loss, n_directions=2, random_state=0)
    assert found.eigenvectors.shape == (trainable, 2)


def test_a_callable_loss_is_the_named_one():
    net, X, y, loss = make_case("mlp")

    def cross_entropy(output, target):
        return -output.log_softmax(1)[torch.arange(len(target)), target]

    named, called = (
        top_eigenpairs(net, X, y, loss=given, n_directions=3, tol=1e-8, random_state=0)
        for given in (loss, cross_entropy)
    )
    np.testing.assert_allclose(named.eigenvalues, called.eigenvalues, rtol=1e-7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_directions": 0}, "at least 1"),
        ({"matrix": "fisher"}, "'hessian' or 'ggn'"),
        ({"tol": 0}, "positive"),
        ({"chunk_size": 0}, "chunk_size"),
        ({"v0": torch.zeros(3)}, "v0"),
        ({"loss": "hinge"}, "cross_entropy"),
        ({"loss": lambda output, y: output.sum()}, "one number per sample"),
        ({"module": nn.ReLU()}, "no trainable parameters"),
        ({"X": torch.zeros(3, 6)}, "one row per sample"),
        ({"X": torch.full((40, 6), torch.nan)}, "logits"),
    ],
)
def test_bad_arguments_name_the_remedy(change, message):
    net, X, y, loss = make_case("mlp")
    arguments = {"module": net, "X": X, "y": y, "loss": loss, **change}
    positional = [arguments.pop(name) for name in ("module", "X", "y")]
    with pytest.raises(ValueError, match=message):
        top_eigenpairs(*positional, **arguments)


@pytest.mark.slow
@pytest.mark.skipif(not REFERENCE.exists(), reason="reference spectra are not here")
@pytest.mark.parametrize(("name", "n"), [("mlp", 1000), ("mlp", 5000), ("cnn", 1000)])
@pytest.mark.parametrize("seed", range(5))
def test_float32_eigenvalues_of_fashion_mnist_nets_within_tolerance(name, n, seed):
    from sufficient.datasets import load_fashion_mnist

    stored = np.load(REFERENCE / f"fashion_{name}.npz")
    net = reference_net(name)
    weights = {k[8:]: torch.tensor(stored[k]) for k in stored if k.startswith("we")}
    net.load_state_dict(dict(zip(net.state_dict(), weights.values(), strict=True)))
    X, y = load_fashion_mnist(n_samples=n)
    X = ((X + 1) / 2 - 0.286) / 0.353
    X = X.reshape(n, 1, 28, 28) if name == "cnn" else X
    found = top_eigenpairs(net, torch.tensor(X), torch.tensor(y), random_state=seed)
    truth = stored[f"eigenvalues_n{n}"][:10]
    error = np.abs(found.eigenvalues / truth - 1).max()
    print(f"{name} n={n} seed={seed}: {found.n_products} products, error {error:.1e}")
    assert found.converged
    assert error <= 1e-3


def reference_net(name):
    if name == "mlp":
        return MLP(784, 10).layers[1:]
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(784, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


@pytest.mark.parametrize("n_outputs", [3, 4])
def test_every_copy_of_a_multiple_eigenvalue_is_found(n_outputs):
    """A linear net under squared error has each eigenvalue once for every output."""
    X = torch.randn(50, 20, generator=torch.Generator().manual_seed(0))
    truth = spectrum(2 * X.T @ X / 50 / n_outputs).repeat(n_outputs)[:10]
    net = nn.Linear(20, n_outputs, bias=False)
    found = top_eigenpairs(
        net, X, torch.zeros(50, n_outputs), loss="mse", random_state=0
    )
    np.testing.assert_allclose(found.eigenvalues, truth, rtol=1e-3)
    P = found.eigenvectors
    torch.testing.assert_close(P.T @ P, torch.eye(10), atol=1e-5, rtol=0)


def test_whole_number_targets_of_squared_error_are_columns():
    net, X, _, _ = make_case("regression")
    y = torch.arange(40)
    column = nn.Sequential(net, nn.Linear(2, 1).double())
    whole, real = (
        top_eigenpairs(column, X, target, loss="mse", n_directions=2, random_state=0)
        for target in (y, y.double()[:, None])
    )
    np.testing.assert_allclose(whole.eigenvalues, real.eigenvalues, rtol=1e-6)


def test_attention_has_second_derivatives():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).double()
    net = nn.Sequential(layer, nn.Flatten(), nn.Linear(32, 3).double())
    X, y = torch.randn(6, 4, 8).double(), torch.arange(6) % 3
    found = top_eigenpairs(net, X, y, n_directions=2, tol=1e-6, random_state=0)
    assert found.converged
    objective = Objective(net, "cross_entropy")
    basis = found.eigenvectors
    with objective.eval_mode(), exact_arithmetic():
        rows = project(objective, X, y, basis)
    assert np.isfinite(rows.hessians).all()


def test_a_loss_that_is_not_finite_anywhere_is_named():
    net, X, y, loss = make_case("mlp")
    X[35] = torch.nan
    with pytest.raises(ValueError, match="logits"):
        top_eigenpairs(net, X, y, loss=loss)


def test_batchmean_sums_over_the_classes_of_one_sample():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(1)).double()
    X, y = torch.randn(9, 4).double(), torch.rand(9, 3).double().softmax(1)
    how = {"n_directions": 3, "random_state": 0}
    divergence = nn.KLDivLoss(reduction="batchmean")
    found = top_eigenpairs(net, X, y, loss=divergence, **how)
    # The divergence differs from the cross-entropy by what does not depend on the net.
    same = top_eigenpairs(net[:1], X, y, loss="cross_entropy", **how)
    np.testing.assert_allclose(found.eigenvalues, same.eigenvalues, rtol=1e-3)


def test_equal_class_weights_change_nothing():
    torch.manual_seed(0)
    net, X, y = nn.Linear(2, 3), torch.randn(8, 2), torch.arange(8) % 3
    found, plain = (
        top_eigenpairs(net, X, y, n_directions=2, loss=nn.CrossEntropyLoss(weight=w))
        for w in (torch.full((3,), 5.0), None)
    )
    np.testing.assert_allclose(found.eigenvalues, plain.eigenvalues, rtol=1e-5)
