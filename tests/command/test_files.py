"""Files of data. Oracles: the arrays that were written, a refusal in words."""

from __future__ import annotations

import numpy as np
import pytest
from skorch import NeuralNetRegressor

from sufficient.command.main import main
from tests.command.spoken import FAST
from tests.strict import strict


def test_words_in_a_csv_are_classes_and_features_are_standardised(settings, folder):
    main([str(folder / "words.csv")])
    X = settings["encoder"].fit_transform(settings["X"])
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1)
    assert settings["estimator"] == "mlp"
    assert set(settings["y"]) == {"yes", "no"}


def test_kind_of_the_target_is_announced(settings, folder, capsys):
    main([str(folder / "words.csv")])
    assert "The target 'label' is a class, one of 2" in capsys.readouterr().err


def test_target_may_be_any_column(settings, folder):
    main([str(folder / "moved.csv"), "--target=label"])
    assert settings["X"].shape == (300, 8)
    assert set(settings["y"]) == {"yes", "no"}


def test_row_numbers_that_pandas_wrote_are_no_feature(settings, folder):
    main([str(folder / "indexed.csv")])
    assert settings["X"].shape == (300, 8)


@pytest.mark.parametrize(
    ("name", "options", "regression"),
    [
        ("numbers", [], True),
        ("numbers", ["--classify"], False),
        ("ages", ["--regression"], True),
        ("ages", [], False),
    ],
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
    assert settings["estimator"] == "mlp"
    assert settings["y"].shape == (8, 3)


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


@pytest.mark.parametrize(
    "arguments",
    [["numbers.npz"], ["square.npz", "--model=cnn"], ["ages.npz", "--regression"]],
)
def test_regression_and_images_run_to_the_end(folder, capsys, arguments):
    name, *options = arguments
    fast = [*FAST, "--batch-size=60", "--json", "--quiet"]
    assert main([str(folder / name), *options, *fast]) == 0
    assert strict(capsys.readouterr().out)["curves"]["train_size"] == [
        60,
        120,
        180,
        240,
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["iris"], "No data set is called 'iris'. Choose digits, fashion-mnist, mnist"),
        (["iris.doc"], "ends in .npz, .csv, .tsv"),
        (["absent.csv"], "No such file"),
        (["absent.npz"], "No such file"),
        (["nothing.csv"], "nothing.csv cannot be used: No columns"),
        (["ragged.csv"], "Expected 3 fields in line 3, saw 4"),
        (["empty.csv"], "There are no rows"),
        (["lonely.csv"], "no columns besides 'a'"),
        (["words.csv", "--target=price"], "no column 'price', but ['a', 'b'"),
        (["words.csv", "--model=cnn"], "8 features, which are not an image"),
        (["numbers.npz", "--target=y"], "--target, --drop and --keep are for tables"),
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
