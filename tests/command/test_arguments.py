"""Options. Oracles: the estimator they reach, the usage, a refusal in words."""

from __future__ import annotations

import importlib

import pytest

from sufficient.command.main import main
from sufficient.estimator import SampleSizeEstimator
from tests.processes import python


def test_options_reach_the_estimator_and_defaults_are_its_own(settings):
    main(["digits", "--tol=0.5", "--sigma=auto", "--bound=monte_carlo", "--seed=7"])
    given = {"tol": 0.5, "sigma": "auto", "bound": "monte_carlo", "random_state": 7}
    expected = SampleSizeEstimator("mlp", verbose=1, **given).get_params(deep=False)
    assert {name: settings[name] for name in expected} == expected


@pytest.mark.parametrize("repeats", [0, 1])
def test_one_repeat_is_none(capsys, repeats):
    assert main(["digits", f"--repeats={repeats}"]) == 2
    assert "'n_repeats' parameter" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [[], ["digits", "--tol=x"], ["digits", "--model=rnn"], ["digits", "--bound=x"]],
)
def test_bad_usage_exits_with_2(capsys, arguments):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: sufficient" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["absent/curve.png", "curve.docx", "curve", "."])
def test_a_picture_that_cannot_be_written_stops_before_the_fit(
    settings, tmp_path, capsys, name
):
    pytest.importorskip("matplotlib")
    assert main(["digits", "--plot", str(tmp_path / name)]) == 2
    assert "--plot" in capsys.readouterr().err
    assert not settings


@pytest.mark.parametrize("name", ["absent/a.html", "report.pdf", "report", "."])
def test_a_report_that_cannot_be_written_stops_before_the_fit(
    settings, tmp_path, capsys, name
):
    assert main(["digits", "--report", str(tmp_path / name)]) == 2
    assert "--report" in capsys.readouterr().err
    assert not settings
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--report=report.html", "--repeats=3"])
def test_what_is_about_fits_does_not_go_with_scores(settings, capsys, option):
    assert main(["a.csv", "--score=s", option]) == 2
    assert f"{option.split('=')[0]} is about fits" in capsys.readouterr().err
    assert not settings


def test_module_shows_the_same_help(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    printed = python("-m", "sufficient", "--help")
    assert printed.split() == capsys.readouterr().out.split()
    assert "Exit codes" in printed


def test_importing_the_module_runs_nothing(capsys):
    importlib.import_module("sufficient.__main__")
    assert capsys.readouterr() == ("", "")
