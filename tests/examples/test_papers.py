"""The papers' experiments in small. Oracles: definitions, and torch by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from examples.studies.common.pages import fill  # noqa: E402
from examples.studies.common.store import read, write  # noqa: E402
from examples.studies.papers import (  # noqa: E402
    curves,
    ensembles,
    needs,
    plane,
    published,
    thresholds,
)
from examples.studies.papers.data import images  # noqa: E402
from examples.studies.papers.figures import draw  # noqa: E402
from examples.studies.papers.parts import PARTS  # noqa: E402
from examples.studies.papers.settings import FULL, SMALL  # noqa: E402
from examples.studies.papers.tables import tables  # noqa: E402
from sufficient import SampleSizeEstimator  # noqa: E402
from sufficient.nets import default_net  # noqa: E402


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("papers") / "papers.json"
    settings = replace(SMALL, folder=path.parent)
    parts = {
        name: {"cpu_seconds": 1.0, **measure(settings)}
        for name, measure in PARTS.items()
    }
    write(parts, path, digits=4)
    return path


@pytest.fixture(scope="module")
def results(path):
    return read(path)


def test_differences_of_running_means_are_those_of_equation_1():
    losses, order = np.random.default_rng(0).exponential(size=30), np.arange(30)[::-1]
    ordered = losses[order]
    expected = [
        abs((ordered[k] - sum(ordered[:k]) / k) / (k + 1)) for k in range(1, 30)
    ]
    np.testing.assert_allclose(curves.loss_differences(losses, order[None]), expected)


def test_random_orders_are_permutations():
    orders = curves.random_orders(50, 7)
    np.testing.assert_array_equal(
        np.sort(orders, axis=1), np.tile(np.arange(50), (7, 1))
    )
    assert len(np.unique(orders, axis=0)) == 7


def test_the_moving_average_is_the_recursion_of_the_papers_code():
    values = np.random.default_rng(0).exponential(size=200)
    expected = [values[0]]
    for value in values[1:]:
        expected.append(0.99 * expected[-1] + 0.01 * value)
    np.testing.assert_allclose(curves.smoothed(values), expected)


@pytest.mark.parametrize("exponent", [-1.0, -0.5])
def test_the_slope_of_a_power_law_is_its_exponent(exponent):
    k = np.arange(1, 500)
    assert curves.slope(7 * k**exponent, first_k=10) == pytest.approx(exponent)


def test_a_curve_that_is_zero_somewhere_has_no_slope():
    assert np.isnan(curves.slope(np.array([3.0, 2.0, 0.0, 1.0]), first_k=1))


def test_the_height_of_a_curve_that_falls_as_one_over_k_plus_one():
    k = np.arange(1, 500)
    assert curves.height(0.3 / (k + 1), first_k=10) == pytest.approx(0.3)


def test_networks_trained_together_are_those_trained_alone():
    """Oracle: torch's own modules and optimiser, one network at a time."""
    rng = torch.Generator().manual_seed(0)
    X, y = torch.randn(160, 12, generator=rng), torch.arange(160) % 3
    together = [ensembles.module_of(12, 3, (8, 1), seed) for seed in (0, 1)]
    ensembles.train(together, X, y, epochs=2)
    for seed, found in enumerate(together):
        alone = ensembles.module_of(12, 3, (8, 1), seed)
        optimizer = torch.optim.Adam(alone.parameters(), lr=1e-3)
        source = torch.Generator().manual_seed(seed)
        for _ in range(2):
            for rows in torch.randperm(160, generator=source).split(64):
                optimizer.zero_grad()
                cross_entropy(alone(X[rows]), y[rows]).backward()
                optimizer.step()
        for ours, theirs in zip(found.parameters(), alone.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


def test_curves_at_fixed_weights_fall_as_one_over_k(results):
    """Whatever the network: (k + 1) |L_{k+1} - L_k| tends to the mean |l_i - L|."""
    for row in results["differences"]["rows"]:
        np.testing.assert_allclose(row["height"], row["deviation"], rtol=0.05)
        np.testing.assert_allclose(row["slope"], -1, atol=0.1)


def test_one_sample_changes_the_surface_by_the_same_loss_at_every_k(results):
    part = results["surfaces"]
    losses, changes = np.array(part["losses"]), np.array(part["changes"])
    of_the_sample = losses + changes * (np.array(part["k"]) + 1)[:, None, None]
    for surface in of_the_sample[1:]:
        np.testing.assert_allclose(surface, of_the_sample[0], rtol=0.01, atol=0.01)


def test_at_no_distance_the_height_is_that_of_the_curve(results):
    row = next(
        row
        for row in results["differences"]["rows"]
        if (row["hidden"], row["layers"]) == (SMALL.fixed_hidden, SMALL.fixed_layers)
    )
    for heights in results["distance"]["heights"].values():
        assert heights[0] == pytest.approx(np.median(row["deviation"]), rel=1e-3)


def test_relative_shifts_are_those_of_the_eigenvalues(results):
    run = results["growth"]["runs"][0]
    values, shifts = np.array(run["eigenvalues"]), np.array(run["eigenvalue_shifts"])
    expected = np.abs(shifts).sum(1) / np.abs(values).sum(1)
    np.testing.assert_allclose(run["relative_shifts"], expected, rtol=2e-3)


def test_a_row_of_the_table_is_what_the_estimator_says(results):
    """Oracle: the estimator itself, asked for the same training."""
    fit = results["thresholds"]["fits"][0]
    est = SampleSizeEstimator(
        default_net(module__hidden_sizes=(16,), module__standardise=False),
        random_state=fit["seed"],
        training=fit["training"],
        **{"tol": fit["tol"], "batch_size": 64, "n_candidates": 1, "stop": "never"},
    ).fit(*images("digits", SMALL.n_samples))
    found, curves = fit["k_star"]["projected"], est.curves_
    assert (found["batches"], found["reached"]) == (est.k_star_, est.converged_)
    at = np.abs(curves["batch_count"] - est.k_star_).argmin()
    assert fit["loss"] == pytest.approx(curves["train_loss"][at], rel=1e-3)
    assert fit["score"] == pytest.approx(curves["validation_score"][at], rel=1e-3)
    below = curves["batch_count"][curves["eigenvalue"] < fit["tol"]]
    assert fit["first_below"] == (below[0] if len(below) else None)


def test_both_trainings_are_in_the_table_and_only_one_fits_closely(results):
    losses = {fit["training"]: fit["loss"] for fit in results["thresholds"]["fits"]}
    assert losses["converged"] < 0.1 < 1 < losses["update"]


def test_stored_fits_are_not_made_again(path, results, monkeypatch):
    monkeypatch.setattr(thresholds, "grown", None)
    again = thresholds.measure(replace(SMALL, folder=path.parent))["fits"]
    for one, before in zip(again, results["thresholds"]["fits"], strict=True):
        assert one["score"] == pytest.approx(before["score"], rel=1e-3)


def test_increments_are_those_of_a_network_with_moved_weights():
    """Oracle: the weights moved by hand, and torch's mean cross-entropy."""
    network = published.published_network("digits", SMALL)
    basis = network.leading(3, n_directions=2).eigenvectors
    theta = torch.tensor([[0.5, -1.0], [2.0, 0.3]])
    start = torch.nn.utils.parameters_to_vector(network.module.parameters()).detach()
    for step, found in zip(theta, network.increments(3, basis, theta), strict=True):
        moved = ensembles.MLP(64, 10, SMALL.published_hidden)
        torch.nn.utils.vector_to_parameters(start + basis @ step, moved.parameters())
        after, before = (
            cross_entropy(moved(network.X[:n]), network.y[:n]).item()
            for n in (4 * 64, 3 * 64)
        )
        assert found == pytest.approx(after - before, abs=1e-5)


def test_near_the_weights_the_gap_is_not_one_of_neglected_eigenvectors():
    """Taylor: the second-order model in a plane meets the loss in the same plane."""
    network = published.published_network("digits", SMALL)
    basis, sigma = network.leading(5, 3).eigenvectors, 0.003
    theta = sigma * torch.randn(256, 3, generator=torch.Generator().manual_seed(0))
    real = network.increments(5, basis, theta)
    a, c, B = plane.increments_in_plane(network, 5, basis)
    step = theta.numpy()
    model = a + step @ c + np.einsum("ni,ij,nj->n", step, B, step) / 2
    assert (real**2).mean() == pytest.approx((model**2).mean(), rel=0.01)
    assert np.corrcoef(real - a, model - a)[0, 1] > 0.99


def test_what_is_missing_is_told_before_anything_is_computed(monkeypatch):
    monkeypatch.setattr(needs, "without_packages", lambda *names: list(names))
    monkeypatch.setattr(needs, "available", lambda names: names[:1])
    assert needs.missing(["norms"], FULL) == ["matplotlib"]
    assert needs.missing(["differences"], FULL) == ["matplotlib", *needs.PACKAGES]
    assert needs.missing(["differences", "growth"], SMALL) == ["matplotlib"]
    assert needs.left_out(["growth"], FULL) == ["Fashion-MNIST"]
    monkeypatch.setattr(needs, "available", lambda names: [])
    (_, files) = needs.missing(["growth"], FULL)
    assert "MNIST, Fashion-MNIST" in files


def test_pictures_and_tables_are_made_from_the_kept_numbers(results, tmp_path):
    draw(results, tmp_path)
    pictures = list(tmp_path.glob("*.png"))
    assert {"a1_surfaces.png", "b3_delta.png"} <= {one.name for one in pictures}
    assert all(one.read_bytes().startswith(b"\x89PNG") for one in pictures)
    page = tmp_path / "papers.md"
    page.write_text("Before.\n<!-- table: slopes -->\nold\n<!-- end -->\nAfter.\n")
    fill(page, tables(results))
    text = page.read_text()
    assert text.startswith("Before.") and text.endswith("After.\n")
    assert "| digits | pixels |" in text and "old" not in text
