"""The command on a table of scores. Oracle: `forecast_scores`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sufficient import forecast_scores
from sufficient.command.main import main
from sufficient.display import SampleSizeDisplay
from tests.strict import strict

N = np.array([125, 250, 500, 1000, 2000])
SCORES = 0.9 - 3 * N**-0.5


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "scores.csv"
    frame = pd.DataFrame({"size": N, "accuracy": SCORES, "error": 0.01, "name": "mlp"})
    frame.to_csv(path, index=False, sep=";")
    return str(path)


def test_the_answer_is_that_of_the_function(table, capsys):
    command = [table, "--n=size", "--score=accuracy", "--held-out=1000"]
    assert main([*command, "--target=0.8", "--json"]) == 0
    answer = strict(capsys.readouterr().out)
    expected = forecast_scores(N, SCORES, n_held_out=1000)
    assert answer["expected_gain"] == expected.gain()[0]
    assert answer["samples_for_target"] == expected.samples_for(0.8)
    assert answer["probability_sufficient"] == expected.probability_of_gain_below(0.01)


def test_a_decimal_comma_is_understood(table, tmp_path, capsys):
    path = tmp_path / "comma.csv"
    pd.read_csv(table, sep=";").to_csv(path, index=False, sep=";", decimal=",")
    asked = ["--n=size", "--score=accuracy", "--held-out=1000"]
    assert main([table, *asked]) == main([str(path), *asked]) == 0
    first, second = capsys.readouterr().out.strip().split("Twice the data")[1:]
    assert first.strip() == second.strip()


def test_standard_errors_are_read(table, capsys):
    assert main([table, "--n=size", "--score=accuracy", "--std-err=error"]) == 0
    low, high = forecast_scores(N, SCORES, std_err=0.01).gain()[1]
    assert f"{low:+.3f} to {high:+.3f}" in capsys.readouterr().out


@pytest.mark.parametrize("seeds", ["--seeds=seed", None])
def test_several_fits_of_a_size_are_told_apart(tmp_path, capsys, seeds):
    scores = SCORES[:, None] + [-0.01, 0, 0.01]
    names = np.tile(["a", "b", "c"], len(N))
    rows = {"n": np.repeat(N, 3), "accuracy": scores.reshape(-1), "seed": names}
    path = tmp_path / "seeds.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    asked = [str(path), "--score=accuracy", "--held-out=1000", "--overlap=0.5"]
    assert main([*asked, *([seeds] if seeds else []), "--json"]) == 0
    expected = forecast_scores(N, scores, n_held_out=1000, overlap=0.5).gain()[0]
    assert strict(capsys.readouterr().out)["expected_gain"] == pytest.approx(expected)


def test_scores_are_drawn_with_their_forecast_and_the_target(
    table, tmp_path, capsys, monkeypatch
):
    pytest.importorskip("matplotlib")
    shown, path, plot = [], tmp_path / "scores.png", SampleSizeDisplay.plot

    def seen(self, **how):
        shown.append(plot(self, **how))
        return self

    monkeypatch.setattr(SampleSizeDisplay, "plot", seen)
    command = [table, "--n=size", "--score=accuracy", "--held-out=1000", "--json"]
    assert main([*command, "--target=0.84", f"--plot={path}"]) == 0
    out, err = capsys.readouterr()
    answer = strict(out)
    assert err == f"\nPicture: {path}\n" and path.stat().st_size > 5000
    (display,) = shown
    assert_allclose(display.errorbar_[0].lines[0].get_xydata(), np.c_[N, SCORES])
    assert display.score_forecast.gain()[0] == answer["expected_gain"]
    needed = answer["samples_for_target"]
    assert any([*line.get_xdata()] == [needed] * 2 for line in display.ax_.lines)
    assert display.ax_.get_ylabel() == "held-out accuracy"


def test_a_target_out_of_reach_is_told_once(table, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    plot = f"--plot={tmp_path / 'scores.pdf'}"
    assert main([table, "--n=size", "--score=accuracy", "--target=0.99", plot]) == 0
    assert capsys.readouterr().out.count("is not reached") == 1


def test_a_picture_that_cannot_be_written_is_told(table, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    plot = f"--plot={tmp_path / 'scores.docx'}"
    assert main([table, "--n=size", "--score=accuracy", plot]) == 2
    assert "must end in one of" in capsys.readouterr().err


def test_few_sizes_are_a_warning(tmp_path, capsys):
    path = tmp_path / "few.csv"
    pd.DataFrame({"n": N[:2], "accuracy": SCORES[:2]}).to_csv(path, index=False)
    assert main([str(path), "--score=accuracy"]) == 0
    assert "Warning: Scores at 2 training-set sizes tell little" in (
        capsys.readouterr().out
    )


def test_a_target_out_of_reach_is_a_warning(table, capsys):
    assert main([table, "--n=size", "--score=accuracy", "--target=0.99"]) == 0
    assert "Warning: A score of 0.99 is not reached" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--score=f1"], "has no column ['f1'], but ['size', 'accuracy'"),
        (["--score=name"], "holds no numbers"),
        (["--score=accuracy", "--target=name"], "the score to reach"),
        (["--score=accuracy", "--target=95"], "percentage"),
        (["--score=accuracy", "--score-range", "0", "0.5"], "outside score_range"),
        (["--score=accuracy", "--score-range", "0", "100"], "look like shares"),
        (["--score=accuracy", "--seeds=fold"], "has no column ['fold']"),
        (["--score=accuracy", "--overlap=5"], "overlap is a share"),
        (["--score=accuracy", "--n=name"], "n has to be positive"),
    ],
)
def test_what_cannot_be_used_is_told(table, capsys, more, words):
    assert main([table, "--n=size", *more]) == 2
    assert words in capsys.readouterr().err
