"""What the command prints, and where. Oracles: strict JSON, the library itself."""

from __future__ import annotations

import numpy as np
import pytest

from sufficient.command import answers
from sufficient.command.main import main
from sufficient.datasets import load_digits_images
from sufficient.many_fits.repeats import repeat_sample_size
from sufficient.report import summary
from sufficient.report.summary import summarise
from tests.command.spoken import DIGITS, FAST, KEYS
from tests.report.parsed import Parsed
from tests.strict import strict


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_answer_is_the_summary_then_a_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main([*DIGITS, "--tol=1e-4"]) == 0
    out, err = capsys.readouterr()
    sentences, table = out.split("\n\n")
    head, *rows = table.splitlines()
    assert sentences.startswith("Verdict: ")
    assert "Landscape: not stable within 240 samples" in sentences
    assert max(map(len, out.splitlines())) <= 100
    assert head.split("  ")[-1].strip() == "top eigenvalue"
    assert rows[-1].split()[:2] == ["240", "6"]
    assert "Warning" not in out + err
    assert "samples=240" in err


def test_table_is_thinned_and_keeps_its_ends(capsys, monkeypatch):
    many = [*DIGITS, "--batch-size=3", "--tol=1e-9"]
    monkeypatch.setattr(answers, "MOST_ROWS", 8)
    assert main([*many, "--quiet"]) == 0
    out, err = capsys.readouterr()
    rows = out.split("\n\n")[1].splitlines()[1:]
    assert (len(rows), rows[0].split()[1], rows[-1].split()[1]) == (8, "20", "80")
    assert err == ""


@pytest.mark.filterwarnings("always::sklearn.exceptions.ConvergenceWarning")
def test_json_is_strict_and_alone_on_stdout(capsys, monkeypatch):
    monkeypatch.setattr(summary, "weaknesses", lambda *_: ["Odd.", "Odd."])
    assert main([*DIGITS, "--tol=1e-4", "--json", "--quiet"]) == 0
    out, err = capsys.readouterr()
    answer = strict(out)
    assert set(answer) == KEYS
    assert err == ""
    assert answer["k_star"] is None
    assert answer["converged"] is False
    assert answer["curves"]["train_size"][-1] == 240
    assert np.shape(answer["eigenvalues"]) == (len(answer["curves"]["delta"]), 2)
    assert answer["warnings"] == ["Odd."]


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
    assert out.replace("\n", " ").count("Score: accuracy") == 1
    assert err == ""


def test_exit_code_tells_the_verdict_on_request(capsys):
    assert main([*DIGITS, "--quiet", "--exit-code"]) == 1
    easy = ["--batch-size=16", "--tol=1e9", "--min-gain=1", "--n-samples=900"]
    assert main([*DIGITS, *easy, "--quiet", "--exit-code"]) == 0
    assert "Verdict: sufficient." in capsys.readouterr().out


def test_several_seeds_give_an_average_and_a_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main([*DIGITS, "--repeats=2", "--seed=3", "--exit-code"]) == 1
    out, err = capsys.readouterr()
    sentences, table = out.split("\n\n")
    assert sentences.startswith("Verdicts of 2 seeds: ")
    assert "For a stable landscape" in sentences
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
        "mlp",
        X,
        y,
        n_repeats=2,
        random_state=3,
        batch_size=40,
        n_directions=2,
        training="update",
        stop="landscape",
    )
    assert answer["median"] == (found.median if np.isfinite(found.median) else None)
    assert [run["random_state"] for run in answer["runs"]] == [
        *found.runs["random_state"]
    ]


@pytest.mark.parametrize("repeats", [[], ["--repeats=2"]])
def test_a_checkpoint_is_gone_on_from(tmp_path, capsys, no_training, repeats):
    command = [*DIGITS, "--json", "--quiet", f"--checkpoint={tmp_path}", *repeats]
    assert main(command) == 0
    first = strict(capsys.readouterr().out)

    no_training()
    assert main(command) == 0
    again = strict(capsys.readouterr().out)
    for answer in (first, again):
        for part in (answer, *answer.get("runs", ())):
            del part["seconds"]
    assert again == first
    assert main([*command, "--tol=7"]) == 2
    assert "is of another fit: tol is" in capsys.readouterr().err


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


def test_several_seeds_are_drawn_and_reported(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    plot, report = tmp_path / "seeds.png", tmp_path / "seeds.html"
    files = ["--plot", str(plot), "--report", str(report)]
    assert main([*DIGITS, "--repeats=2", "--seed=3", *files]) == 0
    out, err = capsys.readouterr()
    assert out.endswith(f"\nPicture: {plot}\n\nReport: {report}\n") and err == ""
    assert plot.stat().st_size > 5000
    parsed = Parsed(report.read_text(encoding="utf-8"))
    assert parsed.said("p")[0].startswith("Verdicts of 2 seeds: ")
    assert "--repeats=2 --seed=3" in parsed.said("code")[-1]
    assert "accuracy (mean of 2 seeds): from" in report.read_text(encoding="utf-8")


def test_without_matplotlib_a_picture_names_the_extra(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sufficient.display.style.find_spec", lambda name: None)
    assert main([*DIGITS, "--plot", str(tmp_path / "curve.png")]) == 2
    assert 'pip install "sufficient-data[plot]"' in capsys.readouterr().err


def test_picture_leaves_json_alone(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "curve.png"
    assert main([*DIGITS, "--json", "--plot", str(path)]) == 0
    out, err = capsys.readouterr()
    assert set(strict(out)) == KEYS
    assert str(path) in err


def test_report_is_written_and_announced_and_holds_the_command(tmp_path, capsys):
    path = tmp_path / "a report.html"
    assert main([*DIGITS, "--quiet", "--report", str(path)]) == 0
    out, _ = capsys.readouterr()
    assert out.endswith(f"\nReport: {path}\n")
    parsed = Parsed(path.read_text(encoding="utf-8"))
    assert parsed.said("p")[0].split() == out.partition("Score:")[0].split()
    assert f"sufficient {DIGITS[0]} {DIGITS[1]}" in parsed.said("code")[-1]
    assert f"--report '{path}'" in parsed.said("code")[-1]


def test_report_leaves_json_alone(tmp_path, capsys):
    path = tmp_path / "report.html"
    assert main([*DIGITS, "--json", "--report", str(path)]) == 0
    out, err = capsys.readouterr()
    assert set(strict(out)) == KEYS
    assert f"Report: {path}" in err
