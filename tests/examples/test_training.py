"""The study of training in small. Oracles: scikit-learn, counts and means by hand."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import accuracy_score, r2_score

from examples.studies.training import __main__ as command
from examples.studies.training import work
from examples.studies.training.pairs import PAIRS, SIZES, Pair
from examples.studies.training.points import points_lost
from examples.studies.training.tables import TABLES, held_out_table
from examples.studies.training.training import trained
from examples.studies.training.variants import (
    CONVERGED,
    EARLY,
    HALVES,
    REGIMES,
    STARTS,
    UPDATE,
    ScoreJudge,
    ShrinkAndPerturb,
    WarmStart,
)
from examples.studies.training.work import FULL, PARTS, Scale, Work
from sufficient.settings import Settings
from sufficient.training import converged, optimum
from sufficient.training.judge import Judge
from sufficient.training.strategies import STRATEGIES

PAIR, CHOSEN = Pair("made, redundant", ()), Pair("made, redundant", (4,), True)
PLAIN, FIXED = "averaged weights, plain loss", "1,024 steps, averaged"
FEWER = {
    "regimes": [CONVERGED, PLAIN, EARLY, UPDATE, FIXED],
    "starts": list(STARTS),
    "constants": [CONVERGED, "least steps: 1,024"],
    "held out": PARTS["held out"],
}


def run(monkeypatch, folder, page):
    arguments = ["--folder", str(folder), "--page", str(page)]
    monkeypatch.setattr("sys.argv", ["training", *arguments])
    command.main()
    return page.read_text(encoding="utf-8")


def test_the_study_runs_from_the_command_to_the_page(monkeypatch, tmp_path):
    monkeypatch.setattr(command, "SMALL", Scale((CHOSEN, PAIR), (32, 64)))
    monkeypatch.setattr(work, "PARTS", FEWER)
    for name, value in {"MOST_STEPS": 128, "MOST_EPOCHS": 0}.items():
        monkeypatch.setattr(optimum, name, value)
    marks = [f"<!-- table: {name} -->\n<!-- end -->\n" for name in TABLES]
    page = tmp_path / "page.md"
    page.write_text("\n".join(marks), encoding="utf-8")
    text = run(monkeypatch, tmp_path, page)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    n_rows = {"regimes": 2 * 5, "pairs": 2, "starts": 4, "constants": 1, "held out": 4}
    assert len(rows) == sum(n_rows.values()) + 2 * len(TABLES)
    fixed = [row for row in rows if FIXED in row]
    assert len(fixed) == 2 and all(row.endswith("| 1,024 |") for row in fixed)

    def fails(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(work, "trained", fails)
    (tmp_path / "training-small.json").unlink()
    assert run(monkeypatch, tmp_path, page) == text


def test_converged_is_what_the_library_does():
    row = trained(PAIR, 3, CONVERGED, [64])[0]
    problem = PAIR.problem(3)
    training = STRATEGIES["converged"](problem.template, Settings(), 3)
    net = training.net_at(problem.train[:64], problem.held_out, 1)
    predicted = net.predict(problem.test.X)
    assert row["score"] == pytest.approx(accuracy_score(problem.test.y, predicted))
    first = problem.held_out[:512]
    assert row["halves"][0] == accuracy_score(first.y, net.predict(first.X))
    assert optimum.LEAST_STEPS <= row["steps"] == training.n_steps < optimum.MOST_STEPS


def test_a_regression_is_scored_by_r2():
    pair = Pair("Friedman 3", ())
    row, problem = trained(pair, 0, "20 epochs", [64])[0], pair.problem(0)
    training = STRATEGIES["restart"](problem.template, Settings(), 0)
    net = training.net_at(problem.train[:64], problem.held_out, 1)
    expected = r2_score(problem.test.y, net.predict(problem.test.X))
    assert row["score"] == pytest.approx(expected, rel=1e-4) and row["steps"] == 20


def test_a_variant_changes_the_library_and_puts_it_back():
    before, names = dict(vars(optimum)), (CONVERGED, "least steps: 1,024")
    few, many = (trained(PAIR, 0, name, [64])[0]["steps"] for name in names)
    assert few < 1_000 <= many
    assert dict(vars(optimum)) == before and converged.Judge is Judge


def test_raw_weights_are_an_average_over_no_steps(monkeypatch):
    problem = PAIR.problem(0)
    monkeypatch.setattr(optimum, "REACH", REGIMES[EARLY].constants["REACH"])
    net = WarmStart(problem.template, Settings(), 0).fresh_net()
    judge = Judge(problem.held_out, None)
    search = optimum.OptimumSearch(
        net, problem.train[:64], judge, np.random.default_rng(0)
    )
    search.run()
    for mean, live in zip(search.mean, search._moving, strict=True):
        assert torch.equal(mean, live)


def test_starts_know_the_net_before():
    problem = PAIR.problem(0)
    fresh = STRATEGIES["converged"](problem.template, Settings(), 0).fresh_net()
    for kind, share in ((WarmStart, 1.0), (ShrinkAndPerturb, 0.5)):
        training = kind(problem.template, Settings(), 0)
        old = training.net_at(problem.train[:64], problem.held_out, 1)
        new = training.fresh_net()
        both = old.module_.parameters(), fresh.module_.parameters()
        for found, before, first in zip(new.module_.parameters(), *both, strict=True):
            assert not torch.equal(before, first)
            torch.testing.assert_close(found, share * before + (1 - share) * first)


def test_the_score_may_judge():
    problem = PAIR.problem(0)
    net = STRATEGIES["converged"](problem.template, Settings(), 0).fresh_net()
    some = problem.held_out[:100]
    right = (net.predict(some.X) == some.y.numpy()).mean()
    judge = ScoreJudge(some, None)
    assert judge(net).loss == pytest.approx(1 - right, abs=1e-4)
    largest = np.bincount(some.y.numpy()).max() / 100
    assert judge.of_constant(net) == pytest.approx(1 - largest)


def test_the_parts_of_the_data_have_no_sample_in_common():
    problem = PAIR.problem(1)
    parts = problem.train, problem.held_out, problem.test
    X = np.concatenate([part.X.numpy() for part in parts])
    assert len(np.unique(X, axis=0)) == len(X) == 24_000
    assert [len(part) for part in parts] == [14_784 - 1_808, 1_024, 10_000]


def test_only_constants_are_left_out_for_pairs_that_are_reported_on(tmp_path):
    full = Work(FULL, tmp_path)
    assert {run.pair.name for run in full.runs("regimes")} == {p.name for p in PAIRS}
    assert all(run.pair.chosen_on for run in full.runs("constants"))
    assert {run.sizes[-1] for run in full.runs("starts")} == {SIZES[-1], 989}
    paths = [run.path for part in PARTS for run in full.runs(part)]
    names = {name for part in PARTS.values() for name in part}
    per_variant = {run.variant: run.path for run in full.runs("regimes")}
    assert len(set(per_variant.values())) == len(REGIMES)
    assert len(set(paths)) < len(paths) and names >= set(REGIMES)


def test_points_are_lost_against_the_best_mean_over_seeds():
    scores = {"a": [0.5, 0.7], "b": [0.65, 0.61]}
    rows = pd.DataFrame(
        {"chosen_on": True, "pair": "one", "n": 64, "variant": name, "score": score}
        for name, both in scores.items()
        for score in both
    )
    assert points_lost(rows).iloc[0].to_dict() == pytest.approx({"a": 3.0, "b": 0.0})


def test_the_bias_is_that_of_the_weights_a_half_has_chosen():
    halves = {"calibrated loss": ([0.7, 0.7], [0.72, 0.6], [0.7, 0.64])}
    halves["score"] = [[0.7, 0.8]] * 3
    rows = pd.DataFrame(
        {
            "chosen_on": True,
            "pair": pair,
            "n": 64,
            "seed": 0,
            "variant": name,
            "score": 0.69,
            "halves": both,
        }
        for pair in "ab"
        for measure, names in HALVES.items()
        for name, both in zip(names, halves[measure], strict=True)
    )
    found = held_out_table(rows).set_index("chosen by")
    assert found["half"].tolist() == ["+3.00 ± 0.00", "+0.00 ± 0.00"]
    assert found["all"].tolist() == ["+1.00 ± 0.00", "+6.00 ± 0.00"]
