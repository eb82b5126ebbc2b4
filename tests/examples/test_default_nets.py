"""The study of the default networks in small. Oracle: means and models by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

from examples.studies.default_nets import __main__ as command
from examples.studies.default_nets.data import DATA
from examples.studies.default_nets.models import LINEAR, TUNED, default_nets, peers
from examples.studies.default_nets.table import scores_table
from sufficient.training import optimum


@pytest.fixture(autouse=True)
def short_training(monkeypatch):
    for name, value in {"MOST_STEPS": 64, "MOST_EPOCHS": 0}.items():
        monkeypatch.setattr(optimum, name, value)


def test_the_study_runs_from_the_command_to_the_page(monkeypatch, tmp_path):
    monkeypatch.setattr(command, "DATA", {"wine": DATA["wine"]})
    page = tmp_path / "page.md"
    page.write_text("<!-- table: scores -->\n<!-- end -->\n", encoding="utf-8")
    arguments = ["--folder", str(tmp_path), "--page", str(page)]
    monkeypatch.setattr("sys.argv", ["default_nets", *arguments])
    command.main()
    (row,) = [
        line
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| wine")
    ]
    scores = [float(cell) for cell in row.split("|")[4:7]]
    assert min(scores) > 50


def test_the_parts_are_the_same_for_all_models_and_have_nothing_in_common():
    X, X_test, y, y_test = DATA["iris"].split(3)
    assert len(X) == 112 and len(X_test) == 38
    for one, other in zip(DATA["iris"].split(3), (X, X_test, y, y_test), strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.bincount(y_test).min() >= 12


def test_a_linear_peer_is_the_ridge_that_cross_validation_chooses():
    X, X_test, y, y_test = DATA["diabetes"].split(0)
    scaler = StandardScaler().fit(X)
    train, test = scaler.transform(X), scaler.transform(X_test)
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1, 10, 100]}, cv=3).fit(train, y)
    expected = Ridge(alpha=search.best_params_["alpha"]).fit(train, y)
    found = dict(peers(DATA["diabetes"], 0))
    # Of these the folds are scaled one by one.
    assert found[LINEAR]["score"] == pytest.approx(expected.score(test, y_test), 1e-3)
    assert set(found) == {LINEAR, TUNED}


def test_images_go_through_both_networks():
    (mlp, cnn) = (result["score"] for _, result in default_nets(DATA["digits"], 0))
    assert mlp > 0.3 and cnn > 0.1


def test_the_difference_is_to_the_better_peer():
    scores = {"mlp": [0.9, 0.8], TUNED: [0.7, 0.7], LINEAR: [0.8, 0.9]}
    rows = [
        {"data": "x", "seed": seed, "model": model, "score": score}
        for model, both in scores.items()
        for seed, score in enumerate(both)
    ]
    (line,) = scores_table(pd.DataFrame(rows)).to_dict("records")
    assert line["default"] == line[LINEAR] == "85.0" and line[TUNED] == "70.0"
    assert line["difference to the better"] == "+0.0 ± 10.0"
    without_peers = pd.DataFrame([rows[0]])
    assert scores_table(without_peers).empty
