"""Oracles: dense float64 Hessians by autograd, reference spectra, exact formulas."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from sufficient import MLP, ConvNet
from sufficient.curvature import top_eigenpairs
from sufficient.curvature.eigenpairs.certificate import ritz_error_bounds
from sufficient.curvature.eigenpairs.lanczos import lanczos
from sufficient.curvature.eigenpairs.leading import leading_eigenpairs
from sufficient.curvature.eigenpairs.one_more_batch import grown_spectrum
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.landscape.displaced import losses_at
from sufficient.landscape.projection import project
from sufficient.reproducibility.arithmetic import exact_arithmetic
from tests.places import REFERENCE


def make_case(name):
    torch.manual_seed(0)
    nets = {
        "mlp": MLP(6, 3, hidden_sizes=(7, 5)),
        "mlp without biases": MLP(6, 3, hidden_sizes=(8,), bias=False),
        "tanh": nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)),
        "conv": ConvNet(64, 3, channels=(2, 3), hidden_size=5),
        "dropout and batch norm": nn.Sequential(
            nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 3)
        ),
        "regression": MLP(6, 2, hidden_sizes=(8,)),
    }
    net = nets[name].double()
    X = torch.randn(40, 64 if name == "conv" else 6, dtype=torch.float64)
    y = torch.randn(40, 2).double() if name == "regression" else torch.arange(40) % 3
    loss = "mse" if name == "regression" else "cross_entropy"
    return net, X, y, loss


CASES = [
    "mlp",
    "mlp without biases",
    "tanh",
    "conv",
    "dropout and batch norm",
    "regression",
]


def mean_loss(net, X, y, loss):
    named = {"cross_entropy": nn.CrossEntropyLoss(), "mse": nn.MSELoss()}[loss]

    def function(vector):
        sizes = [p.numel() for p in net.parameters()]
        parts = vector.split(sizes)
        state = {
            name: part.reshape(p.shape)
            for (name, p), part in zip(net.named_parameters(), parts, strict=True)
        }
        return named(functional_call(net.eval(), state, (X,)), y)

    weights = torch.cat([p.detach().reshape(-1) for p in net.parameters()])
    return function, weights


def dense_hessian(net, X, y, loss):
    function, weights = mean_loss(net, X, y, loss)
    return torch.autograd.functional.hessian(function, weights)


@pytest.mark.parametrize("name", CASES)
def test_eigenvalues_equal_those_of_the_dense_hessian_in_float64(name):
    net, X, y, loss = make_case(name)
    truth = torch.linalg.eigvalsh(dense_hessian(net, X, y, loss)).flip(0).numpy()
    found = top_eigenpairs(
        net, X, y, loss=loss, n_directions=6, tol=1e-9, random_state=0
    )
    assert found.converged
    np.testing.assert_allclose(found.eigenvalues, truth[:6], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_eigenvectors_satisfy_the_eigen_equation_to_the_stated_residual(name):
    net, X, y, loss = make_case(name)
    H = dense_hessian(net, X, y, loss)
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
    H = dense_hessian(net, X, y, loss)
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
    truth = torch.linalg.eigvalsh(G).flip(0).numpy()
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


def test_multiple_and_zero_eigenvalues_are_all_found():
    diagonal = torch.tensor([3.0, 3.0, 3.0, 1.0, 0.0, 0.0, -2.0], dtype=torch.float64)
    start = torch.ones(7, dtype=torch.float64)
    found, _ = lanczos(
        torch.diag(diagonal), 7, tol=1e-10, start=start, max_products=100
    )
    np.testing.assert_allclose(found.eigenvalues, diagonal, atol=1e-10)


def test_algebraic_order_puts_negative_curvature_last():
    diagonal = torch.cat([torch.tensor([-50.0, 4.0, 2.0]), torch.linspace(0, 1, 40)])
    found, space = lanczos(
        torch.diag(diagonal), 2, tol=1e-4, start=torch.randn(43), max_products=43
    )
    np.testing.assert_allclose(found.eigenvalues, [4, 2], rtol=1e-4)
    assert space.smallest_value < -49


@pytest.mark.parametrize("seed", range(20))
def test_a_certified_error_is_never_exceeded_on_clustered_spectra(seed):
    rng = np.random.default_rng(seed)
    spectrum = np.sort(rng.exponential(size=120) ** 3)[::-1].copy()
    Q = np.linalg.qr(rng.standard_normal((120, 120)))[0]
    H = torch.as_tensor(Q * spectrum @ Q.T)
    start = torch.as_tensor(rng.standard_normal(120))
    found, _ = lanczos(H, 6, tol=1e-3, start=start, max_products=120)
    assert found.converged
    np.testing.assert_allclose(found.eigenvalues, spectrum[:6], rtol=1e-3)


def test_ritz_bounds_use_the_gap_only_where_it_is_certain():
    values, residuals = np.array([2.0, 1.0, 0.9]), np.array([0.1, 0.1, 0.2])
    bounds = ritz_error_bounds(values, residuals, 2)
    np.testing.assert_allclose(bounds, [0.01 / 0.9, 0.1])


def test_an_uncertified_result_says_so():
    net, X, y, loss = make_case("mlp")
    operator = CurvatureOperator(Objective(net, loss), X, y)
    start = torch.randn(operator.shape[0], dtype=torch.float64)
    found, _ = lanczos(operator, 3, tol=1e-12, start=start, max_products=5)
    assert not found.converged
    assert found.n_products == 5


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


@pytest.mark.parametrize("matrix", ["ggn", "hessian"])
@pytest.mark.parametrize("name", ["mlp", "tanh", "conv", "regression"])
def test_projections_equal_dense_derivatives_of_each_sample(name, matrix):
    net, X, y, loss = make_case(name)
    objective = Objective(net, loss)
    basis = torch.linalg.qr(torch.randn(objective.n_parameters, 3).double())[0]
    found = project(objective, X, y, basis, matrix=matrix)
    for i in range(0, 40, 13):
        function, weights = mean_loss(net, X[i : i + 1], y[i : i + 1], loss)
        gradient = torch.autograd.functional.jacobian(function, weights)
        np.testing.assert_allclose(found.losses[i], function(weights).detach())
        np.testing.assert_allclose(found.gradients[i], basis.T @ gradient, atol=1e-12)
        if matrix == "hessian":
            H = torch.autograd.functional.hessian(function, weights)
            np.testing.assert_allclose(
                found.hessians[i], basis.T @ H @ basis, atol=1e-10
            )
    if matrix == "ggn":
        operator = CurvatureOperator(objective, X, y, matrix="ggn")
        mean = basis.T @ torch.stack([operator @ v for v in basis.T], dim=1)
        np.testing.assert_allclose(found.hessians.mean(axis=0), mean, atol=1e-10)


def test_losses_at_offsets_are_plain_forward_passes():
    net, X, y, loss = make_case("mlp")
    objective = Objective(net, loss)
    basis = torch.linalg.qr(torch.randn(objective.n_parameters, 3).double())[0]
    offsets = torch.randn(4, 3).double()
    found = losses_at(objective, X, y, basis, offsets)
    function, weights = mean_loss(net, X, y, loss)
    truth = [function(weights + basis @ offset).item() for offset in offsets]
    np.testing.assert_allclose(found.mean(axis=1), truth)


@pytest.mark.parametrize("n_seen", [10, 30])
def test_grown_spectrum_equals_the_dense_hessian_of_the_grown_set(n_seen):
    net, X, y, loss = make_case("mlp")
    objective = Objective(net, loss)
    seen = CurvatureOperator(objective, X[:n_seen], y[:n_seen])
    batch = CurvatureOperator(objective, X[n_seen : n_seen + 8], y[n_seen : n_seen + 8])
    start = torch.randn(seen.shape[0]).double()
    pairs, space = lanczos(seen, 4, tol=1e-8, start=start, max_products=200)
    grown = grown_spectrum(
        space,
        seen,
        batch,
        weight=8 / (n_seen + 8),
        eigenvalues=pairs.eigenvalues,
        tol=1e-3,
    )
    H = dense_hessian(net, X[: n_seen + 8], y[: n_seen + 8], loss)
    truth = torch.linalg.eigvalsh(H).flip(0).numpy()[:4]
    error = np.abs(grown.eigenvalues - truth)
    assert np.all(error <= grown.error_bounds + 1e-10)
    assert grown.converged
    assert error.max() <= 0.05 * np.linalg.norm(truth - pairs.eigenvalues)


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


@pytest.mark.parametrize("name", [*CASES, "first layer frozen", "layer used twice"])
def test_losses_at_draws_equal_plain_passes_sample_by_sample(name):
    net, X, y, loss = make_draw_case(name)
    objective = Objective(net, loss)
    basis = torch.linalg.qr(torch.randn(objective.n_parameters, 3).double())[0]
    offsets = torch.randn(5, 3).double()
    with objective.eval_mode():
        found = losses_at(objective, X, y, basis, offsets)
        for offset, losses in zip(offsets, found, strict=True):
            shifted = objective.unflatten(objective.weights + basis @ offset)
            plain = objective.losses(shifted, X, y).detach()
            np.testing.assert_allclose(losses, plain, atol=1e-12)
    assert "forward" not in vars(net)


class TwiceUsed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, X):
        return self.layer(self.layer(X).relu())


def make_draw_case(name):
    if name in CASES:
        return make_case(name)
    net, X, y, loss = make_case("mlp")
    if name == "layer used twice":
        return TwiceUsed().double(), X, y, loss
    net.layers[1].weight.requires_grad_(False)
    return net, X, y, loss


@pytest.mark.parametrize("n_outputs", [3, 4])
def test_every_copy_of_a_multiple_eigenvalue_is_found(n_outputs):
    """A linear net under squared error has each eigenvalue once for every output."""
    X = torch.randn(50, 20, generator=torch.Generator().manual_seed(0))
    truth = torch.linalg.eigvalsh(2 * X.T @ X / 50 / n_outputs).flip(0)
    truth = truth.repeat_interleave(n_outputs)[:10].numpy()
    net = nn.Linear(20, n_outputs, bias=False)
    found = top_eigenpairs(
        net, X, torch.zeros(50, n_outputs), loss="mse", random_state=0
    )
    np.testing.assert_allclose(found.eigenvalues, truth, rtol=1e-3)
    P = found.eigenvectors
    torch.testing.assert_close(P.T @ P, torch.eye(10), atol=1e-5, rtol=0)


@pytest.mark.parametrize("tie", ["weight norm", "own forward", "shared weight"])
def test_draws_of_layers_that_are_not_plainly_linear(tie):
    net = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6)).double()
    if tie == "weight norm":
        nn.utils.parametrizations.weight_norm(net[0])
    elif tie == "own forward":
        net[0] = Squared(6, 6).double()
    else:
        net[2].weight = net[0].weight
    X, y = torch.randn(12, 6).double(), torch.arange(12) % 6
    objective = Objective(net, "cross_entropy")
    basis = torch.linalg.qr(torch.randn(objective.n_parameters, 2).double())[0]
    offset = torch.randn(1, 2).double()
    found = losses_at(objective, X, y, basis, offset)[0]
    shifted = objective.unflatten(objective.weights + basis @ offset[0])
    plain = objective.losses(shifted, X, y).detach()
    np.testing.assert_allclose(found, plain, atol=1e-12)


class Squared(nn.Linear):
    def forward(self, X):
        return super().forward(X) ** 2


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


def copies(n_inputs, n_outputs, sign=1):
    """A linear net, whose Hessian under squared error has every eigenvalue n times."""
    torch.manual_seed(0)
    net = nn.Linear(n_inputs, n_outputs, bias=False).double()
    X, y = torch.randn(30, n_inputs).double(), torch.randn(30, n_outputs).double()
    operator = CurvatureOperator(
        Objective(net, lambda z, y: sign * _square(z, y)), X, y
    )
    return net, X, y, operator


def _square(z, y):
    return (z - y).square().mean(1)


@pytest.mark.parametrize(("n_inputs", "n_outputs"), [(40, 5), (6, 10), (10, 4)])
def test_a_space_with_hidden_copies_is_orthonormal_and_serves_the_next_batch(
    n_inputs, n_outputs
):
    net, X, y, operator = copies(n_inputs, n_outputs)
    start = torch.randn(operator.shape[0]).double()
    pairs, space = leading_eigenpairs(operator, n_directions=10, tol=1e-6, start=start)
    assert space.n_hidden > 0
    unit = torch.eye(len(space.basis)).double()
    torch.testing.assert_close(space.basis @ space.basis.T, unit)
    batch_X, batch_y = 2 * torch.randn(10, n_inputs).double(), y[:10]
    batch = CurvatureOperator(Objective(net, _square), batch_X, batch_y)
    grown = grown_spectrum(
        space, operator, batch, weight=0.25, eigenvalues=pairs.eigenvalues, tol=1e-3
    )
    together = 0.75 * X.T @ X / 30 + 0.25 * batch_X.T @ batch_X / 10
    each = torch.linalg.eigvalsh(together).flip(0) * 2 / n_outputs
    expected = each.repeat_interleave(n_outputs)[:10].numpy()
    # A twentieth of all shifts together is allowed, and more where it says so.
    allowed = (1 if grown.converged else 3) * 0.05
    allowed *= np.linalg.norm(expected - pairs.eigenvalues)
    np.testing.assert_allclose(grown.eigenvalues, expected, atol=allowed, rtol=1e-3)


def test_copies_of_negative_eigenvalues_are_found():
    _, X, _, operator = copies(6, 5, sign=-1)
    start = torch.randn(operator.shape[0]).double()
    pairs, _ = leading_eigenpairs(operator, n_directions=8, tol=1e-6, start=start)
    each = -torch.linalg.eigvalsh(X.T @ X / 30) * 2 / 5
    expected = each.repeat_interleave(5)[:8].numpy()
    np.testing.assert_allclose(pairs.eigenvalues, expected, rtol=1e-5)


def test_a_search_never_takes_more_products_than_it_may():
    X = torch.randn(40, 2).double() @ torch.randn(2, 50).double()
    H = X.T @ X
    start = torch.randn(50).double()
    found, _ = lanczos(H, 20, tol=1e-3, start=start, max_products=60)
    assert found.n_products <= 60
    exact = torch.linalg.eigvalsh(H).flip(0)[:2].numpy()
    np.testing.assert_allclose(found.eigenvalues[:2], exact, rtol=1e-6)


def test_batchmean_sums_over_the_classes_of_one_object():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(1)).double()
    X, y = torch.randn(9, 4).double(), torch.rand(9, 3).double().softmax(1)
    how = {"n_directions": 3, "random_state": 0}
    divergence = nn.KLDivLoss(reduction="batchmean")
    found = top_eigenpairs(net, X, y, loss=divergence, **how)
    # The divergence differs from the cross-entropy by what does not depend on the net.
    same = top_eigenpairs(net[:1], X, y, loss="cross_entropy", **how)
    np.testing.assert_allclose(found.eigenvalues, same.eigenvalues, rtol=1e-3)


def test_class_weights_are_refused():
    loss = nn.CrossEntropyLoss(weight=torch.ones(3))
    with pytest.raises(ValueError, match="class weights"):
        top_eigenpairs(nn.Linear(2, 3), torch.ones(4, 2), torch.zeros(4), loss=loss)
