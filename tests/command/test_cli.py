"""The command as its users meet it: what it prints, where, and its exit code."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import make_classification, make_regression
from skorch import NeuralNetRegressor

from sufficient.command import answers
from sufficient.command.main import main
from sufficient.datasets import load_digits_images
from sufficient.estimator import SampleSizeEstimator
from sufficient.growing.probe import Probe
from sufficient.many_fits.repeats import repeat_sample_size
from sufficient.report import summary
from sufficient.report.summary import summarise

FAST = ["--batch-size=40", "--n-directions=2"]
DIGITS = ["digits", "--n-samples=300", *FAST]
KEYS = {
    "verdict", "converged", "k_star", "n_samples_star", "n_samples_needed",
    "n_samples_needed_interval", "expected_gain", "expected_gain_interval",
    "generalization_gap", "batch_size", "rate", "tol", "seconds", "curves",
    "eigenvalues", "warnings", "version",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Small files of every readable kind, and of many unreadable ones."""
    folder = tmp_path_factory.mktemp("data")
    X, y = make_classification(300, 8, random_state=0)
    Z, z = make_regression(300, 5, noise=1.0, random_state=0)
    words = np.where(y, "yes", "no")
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    tables = {
        "words": frame.assign(label=words),
        "moved": frame.assign(label=words)[["label", *"abcdefgh"]],
        "colour": frame.assign(colour="red", shape="round", label=words),
        "holes": frame.mask(frame > 2).assign(label=words),
        "empty": frame.assign(label=words)[:0],
        "lonely": frame[["a"]],
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    tables["words"].to_csv(folder / "indexed.csv")
    (folder / "ragged.csv").write_text("a,b,y\n1,2,0\n2,3,1,5\n")
    (folder / "nothing.csv").touch()
    arrays = {
        "numbers": {"X": Z, "y": z},
        "ages": {"X": Z, "y": z.round()},
        "images": {"X": X.reshape(300, 1, 2, 4).repeat(8, axis=2), "y": y},
        "square": {"X": X[:, :1, None, None].repeat(8, 2).repeat(8, 3), "y": y},
        "misnamed": {"data": X, "labels": y},
        "unequal": {"X": X, "y": y[:-1]},
        "objects": {"X": X, "y": words.astype(object)},
        "one_class": {"X": X, "y": 0 * y},
    }
    for name, content in arrays.items():
        np.savez(folder / f"{name}.npz", **content)
    (folder / "nothing.npz").touch()
    (folder / "cut.npz").write_bytes((folder / "numbers.npz").read_bytes()[:900])
    np.save(folder / "array.npy", X)
    (folder / "array.npy").rename(folder / "array.npz")
    return folder


@pytest.fixture(autouse=True)
def one_thread():
    """More threads only wait for each other on nets this small."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture
def settings(monkeypatch):
    """Record the estimator instead of fitting it: the loop has tests of its own."""
    seen = {}

    def fit(estimator, X, y):
        seen.update(estimator.get_params(deep=False), X=X, y=y)
        raise ValueError("recorded")

    monkeypatch.setattr(SampleSizeEstimator, "fit", fit)
    return seen


@pytest.fixture
def interrupted(monkeypatch):
    """Press Ctrl-C before the measurement of the given number."""

    def press(number):
        calls, measure = iter(range(1, 99)), Probe.measure

        def measure_or_stop(*args):
            if next(calls) == number:
                raise KeyboardInterrupt
            return measure(*args)

        monkeypatch.setattr(Probe, "measure", measure_or_stop)

    return press


def strict(text):
    """Read JSON, refusing the NaN and Infinity that Python alone accepts."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_answer_is_the_summary_then_a_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(DIGITS) == 0
    out, err = capsys.readouterr()
    sentences, table = out.split("\n\n")
    head, *rows = table.splitlines()
    assert sentences.startswith("Verdict: not stable yet.")
    assert "k* belongs to this data" in sentences
    assert max(map(len, out.splitlines())) <= 100
    assert head.split("  ")[-1].strip() == "top eigenvalue"
    assert rows[-1].split()[:2] == ["240", "6"]
    assert "Warning" not in out + err
    assert "samples=240" in err


def test_table_is_thinned_and_keeps_its_ends(capsys, monkeypatch):
    many = ["digits", "--n-samples=300", "--batch-size=3", "--tol=1e-9"]
    monkeypatch.setattr(answers, "MOST_ROWS", 8)
    assert main([*many, "--quiet"]) == 0
    out, err = capsys.readouterr()
    rows = out.split("\n\n")[1].splitlines()[1:]
    assert (len(rows), rows[0].split()[1], rows[-1].split()[1]) == (8, "20", "80")
    assert err == ""


@pytest.mark.filterwarnings("always::sklearn.exceptions.ConvergenceWarning")
def test_json_is_strict_and_alone_on_stdout(capsys):
    assert main([*DIGITS, "--json", "--quiet"]) == 0
    out, err = capsys.readouterr()
    answer = strict(out)
    assert set(answer) == KEYS
    assert err == ""
    assert answer["k_star"] is None
    assert answer["converged"] is False
    assert answer["curves"]["train_size"][-1] == 240
    assert np.shape(answer["eigenvalues"]) == (len(answer["curves"]["delta"]), 2)
    assert len(answer["warnings"]) == len(set(answer["warnings"])) >= 1


def test_numbers_that_json_lacks_become_null(capsys):
    assert main([*DIGITS, "--batch-size=100", "--json", "--quiet"]) == 0
    answer = strict(capsys.readouterr().out)
    assert None in answer["curves"]["one_batch_std_err"]


def test_same_seed_same_answer(capsys, folder):
    answers = []
    for seed in ("1", "1", "2"):
        main([str(folder / "words.csv"), *FAST, "--seed", seed, "--json", "--quiet"])
        answers.append(strict(capsys.readouterr().out)["curves"]["delta"])
    assert answers[0] == answers[1] != answers[2]


@pytest.mark.filterwarnings("always::sklearn.exceptions.ConvergenceWarning")
def test_a_warning_is_told_once_and_not_beside_the_summary(capsys, monkeypatch):
    def known_and_new(curve, settings):
        return [
            summarise(curve, settings).split("\n")[1],
            "Odd.",
            "Odd.",
        ]

    monkeypatch.setattr(summary, "weaknesses", known_and_new)
    assert main([*DIGITS, "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert out.count("Warning: Odd.") == out.count("Warning") == 1
    assert out.replace("\n", " ").count("has not settled within") == 1
    assert err == ""


def test_exit_code_tells_the_verdict_on_request(capsys):
    assert main([*DIGITS, "--quiet", "--exit-code"]) == 1
    easy = ["--batch-size=16", "--tol=1e9", "--min-gain=1", "--n-samples=900"]
    assert main([*DIGITS, *easy, "--quiet", "--exit-code"]) == 0
    assert "Verdict: sufficient." in capsys.readouterr().out


def test_words_in_a_csv_are_classes_and_features_are_standardised(settings, folder):
    main([str(folder / "words.csv")])
    np.testing.assert_allclose(settings["X"].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(settings["X"].std(axis=0), 1)
    assert settings["estimator"] == "mlp"
    assert set(settings["y"]) == {"yes", "no"}


def test_standardising_and_target_are_announced(settings, folder, capsys):
    main([str(folder / "words.csv")])
    assert "Features standardised; the target is 'label'" in capsys.readouterr().err


def test_target_may_be_any_column(settings, folder):
    main([str(folder / "moved.csv"), "--target=label"])
    assert settings["X"].shape == (300, 8)
    assert set(settings["y"]) == {"yes", "no"}


def test_row_numbers_that_pandas_wrote_are_no_feature(settings, folder):
    main([str(folder / "indexed.csv")])
    assert settings["X"].shape == (300, 8)


@pytest.mark.parametrize(
    ("name", "options", "regression"),
    [("numbers", [], True), ("ages", ["--regression"], True), ("ages", [], False)],
)
def test_fractions_or_the_flag_make_it_regression(
    settings, folder, name, options, regression
):
    main([str(folder / f"{name}.npz"), *options])
    net = settings["estimator"]
    assert isinstance(net, NeuralNetRegressor) == regression
    assert regression or net == "mlp"


def test_rows_of_zeros_and_ones_are_several_labels(settings, tmp_path):
    rows = np.arange(24).reshape(8, 3) % 2
    np.savez(tmp_path / "rows.npz", X=np.eye(8), y=rows)
    main([str(tmp_path / "rows.npz")])
    assert settings["estimator"].criterion is torch.nn.BCEWithLogitsLoss


def test_arrays_are_taken_as_they_are(settings, folder):
    with np.load(folder / "images.npz") as arrays:
        main([str(folder / "images.npz")])
        np.testing.assert_array_equal(settings["X"], arrays["X"])


def test_random_rows_of_a_file(settings, folder):
    main([str(folder / "numbers.npz"), "--n-samples=50", "--seed=3"])
    with np.load(folder / "numbers.npz") as arrays:
        rows = [int(np.flatnonzero(arrays["y"] == y)[0]) for y in settings["y"]]
        np.testing.assert_array_equal(settings["X"], arrays["X"][rows])
    assert len(set(rows)) == 50
    assert rows != list(range(50))


def test_options_reach_the_estimator_and_defaults_are_its_own(settings):
    main(["digits", "--tol=0.5", "--sigma=auto", "--bound=monte_carlo", "--seed=7"])
    given = {"tol": 0.5, "sigma": "auto", "bound": "monte_carlo", "random_state": 7}
    expected = SampleSizeEstimator("mlp", verbose=1, **given).get_params(deep=False)
    assert {name: settings[name] for name in expected} == expected


@pytest.mark.parametrize(
    "arguments",
    [["numbers.npz"], ["square.npz", "--model=cnn"], ["ages.npz", "--regression"]],
)
def test_regression_and_images_run_to_the_end(folder, capsys, arguments):
    name, *options = arguments
    fast = ["--batch-size=60", "--n-directions=2", "--json", "--quiet"]
    assert main([str(folder / name), *options, *fast]) == 0
    assert strict(capsys.readouterr().out)["curves"]["train_size"] == [
        60,
        120,
        180,
        240,
    ]


def test_several_seeds_give_an_average_and_a_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main([*DIGITS, "--repeats=2", "--seed=3", "--exit-code"]) == 1
    out, err = capsys.readouterr()
    sentences, table = out.split("\n\n")
    assert sentences.startswith("Over 2 seeds ")
    assert "Verdicts: not stable yet (2)." in sentences
    head, *rows = table.splitlines()
    assert head.split()[:4] == ["random_state", "tol", "k_star", "n_samples_needed"]
    assert len(rows) == 2
    assert err == ""


def test_several_seeds_in_json_are_those_of_the_library(capsys):
    assert main([*DIGITS, "--repeats=2", "--seed=3", "--json"]) == 0
    out, err = capsys.readouterr()
    answer = strict(out)
    assert set(answer) == {
        "mean", "median", "std", "cv", "interval", "converged", "verdicts", "runs",
        "warnings", "seconds", "version",
    }  # fmt: skip
    assert err == ""
    X, y = load_digits_images(n_samples=300)
    found = repeat_sample_size(
        "mlp", X, y, n_repeats=2, random_state=3, batch_size=40, n_directions=2
    )
    assert answer["mean"] == found.mean
    assert [run["random_state"] for run in answer["runs"]] == [
        *found.runs["random_state"]
    ]


def test_repeats_are_not_drawn(settings, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    plot = f"--plot={tmp_path / 'curve.png'}"
    assert main(["digits", "--repeats=2", plot]) == 2
    assert "--plot shows one fit" in capsys.readouterr().err
    assert not settings


@pytest.mark.parametrize("repeats", [0, 1])
def test_one_repeat_is_none(capsys, repeats):
    assert main(["digits", f"--repeats={repeats}"]) == 2
    assert "'n_repeats' parameter" in capsys.readouterr().err


@pytest.mark.parametrize("repeats", [[], ["--repeats=2"]])
def test_a_checkpoint_is_gone_on_from(tmp_path, capsys, monkeypatch, repeats):
    command = [*DIGITS, "--json", "--quiet", f"--checkpoint={tmp_path}", *repeats]
    assert main(command) == 0
    first = strict(capsys.readouterr().out)

    def refuse(*args):
        raise AssertionError("measured again")

    monkeypatch.setattr(Probe, "measure", refuse)
    assert main(command) == 0
    again = strict(capsys.readouterr().out)
    for answer in (first, again):
        for part in (answer, *answer.get("runs", ())):
            del part["seconds"]
    assert again == first
    assert main([*command, "--tol=7"]) == 2
    assert "is of another fit: tol is" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["iris"], "No data set is called 'iris'. Choose digits, fashion-mnist, mnist"),
        (["iris.txt"], "ends in .npz or .csv"),
        (["absent.csv"], "No such file"),
        (["absent.npz"], "No such file"),
        (["nothing.csv"], "nothing.csv cannot be used: No columns"),
        (["ragged.csv"], "Expected 3 fields in line 3, saw 4"),
        (["colour.csv"], "Columns ['colour', 'shape'] are not numeric"),
        (["holes.csv"], "have missing values"),
        (["empty.csv"], "There are no rows"),
        (["lonely.csv"], "no columns besides 'a'"),
        (["words.csv", "--target=price"], "no column 'price', but ['a', 'b'"),
        (["words.csv", "--model=cnn"], "8 features, which are not an image"),
        (["numbers.npz", "--target=y"], "--target is for .csv files"),
        (["numbers.npz", "--n-samples=301"], "Cannot sample 301"),
        (["misnamed.npz"], "It holds ['data', 'labels']. Write it with np.savez"),
        (["array.npz"], "It holds ['one array']"),
        (["unequal.npz"], "inconsistent numbers of samples"),
        (["objects.npz"], "Object arrays cannot be loaded"),
        (["nothing.npz"], "nothing.npz cannot be used"),
        (["cut.npz"], "cut.npz cannot be used"),
        (["one_class.npz"], "one class only"),
        (["digits", "--tol=0"], "'tol' parameter"),
        (["digits", "--batch-size=1.5"], "'batch_size' parameter"),
        (["digits", "--batch-size=5000"], "Use a smaller batch_size"),
        (["digits", "--device=nowhere"], "device='nowhere' is not there"),
        (["digits", "--n-samples=2000"], "n_samples must be in [1, 1797]"),
    ],
)
def test_bad_data_is_told_on_stderr(folder, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(folder)
    assert main([*arguments, "--quiet"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("sufficient: error: ")
    assert message in err


@pytest.mark.parametrize(
    "arguments",
    [[], ["digits", "--tol=x"], ["digits", "--model=rnn"], ["digits", "--bound=x"]],
)
def test_bad_usage_exits_with_2(capsys, arguments):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: sufficient" in capsys.readouterr().err


def test_interrupt_tells_what_was_measured(interrupted, capsys):
    interrupted(4)
    assert main([*DIGITS, "--quiet"]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert "Interrupted. Measured so far:\nVerdict: " in err
    assert len(err.split("\n\n")[-1].splitlines()) == 1 + 3


def test_interrupt_before_any_measurement(interrupted, capsys):
    interrupted(1)
    assert main([*DIGITS, "--quiet"]) == 130
    assert "nothing" in capsys.readouterr().err


def test_picture_is_written_and_announced(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "curve.png"
    assert main([*DIGITS, "--quiet", "--plot", str(path)]) == 0
    assert path.stat().st_size > 5000
    assert capsys.readouterr().out.endswith(f"\nPicture: {path}\n")


def test_picture_leaves_json_alone(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "curve.png"
    assert main([*DIGITS, "--json", "--plot", str(path)]) == 0
    out, err = capsys.readouterr()
    assert set(strict(out)) == KEYS
    assert str(path) in err


@pytest.mark.parametrize("name", ["absent/curve.png", "curve.docx", "curve", "."])
def test_a_picture_that_cannot_be_written_stops_before_the_fit(
    settings, tmp_path, capsys, name
):
    pytest.importorskip("matplotlib")
    assert main(["digits", "--plot", str(tmp_path / name)]) == 2
    assert "--plot" in capsys.readouterr().err
    assert not settings


def test_module_shows_the_same_help(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    command = [sys.executable, "-m", "sufficient", "--help"]
    module = subprocess.run(command, capture_output=True, text=True, check=True)
    assert module.stdout.split() == capsys.readouterr().out.split()
    assert "Exit codes" in module.stdout


def test_importing_the_module_runs_nothing(capsys):
    importlib.import_module("sufficient.__main__")
    assert capsys.readouterr() == ("", "")
