"""Tables of every kind. Oracles: pandas and scikit-learn's encoders."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skorch import NeuralNetRegressor

from sufficient.command.columns import chosen_features
from sufficient.command.main import main
from sufficient.command.reading import read_table
from sufficient.command.targets import are_numbers
from sufficient.data.columns import numbers_as_floats
from sufficient.data.encoding import table_encoder
from tests.command.spoken import FAST
from tests.strict import strict

N = 120


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "row": np.arange(1, N + 1),
            "name": [f"sample {i}x" for i in range(N)],
            "unit": "cm",
            "width": rng.normal(50, 1000, N).round(2),
            "wet": rng.random(N) > 0.5,
            "colour": rng.choice(["red", "green", "blue"], N),
            "label": rng.choice(["yes", "no"], N),
        }
    )
    frame.loc[::7, "width"] = np.nan
    return frame


@pytest.fixture
def numeric(frame):
    return frame[["width", "wet", "label"]]


WRITERS = {
    "a.csv": lambda table, path: table.to_csv(path, index=False),
    "semicolon.csv": lambda table, path: table.to_csv(path, index=False, sep=";"),
    "decimal.csv": lambda t, path: t.to_csv(path, index=False, sep=";", decimal=","),
    "bar.txt": lambda table, path: table.to_csv(path, index=False, sep="|"),
    "a.csv.gz": lambda table, path: table.to_csv(path, index=False),
    "a.TSV": lambda table, path: table.to_csv(path, index=False, sep="\t"),
    "a.jsonl": lambda t, path: t.to_json(path, orient="records", lines=True),
    "a.jsonl.gz": lambda t, path: t.to_json(path, orient="records", lines=True),
    "a.parquet": lambda table, path: table.to_parquet(path),
    "a.feather": lambda table, path: table.to_feather(path),
    "stream.arrow": lambda table, path: write_stream(table, path),
}


def write_stream(table, path):
    import pyarrow as pa

    table = pa.Table.from_pandas(table)
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table)


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_is_read_as_it_was_written(frame, tmp_path, name):
    if name.endswith(("parquet", "feather", "arrow")):
        pytest.importorskip("pyarrow")
    WRITERS[name](frame, tmp_path / name)
    pd.testing.assert_frame_equal(read_table(tmp_path / name), frame, check_dtype=False)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main([str(tmp_path / "a.parquet")]) == 2
    assert 'pip install "sufficient-data[arrow]"' in capsys.readouterr().err


def test_texts_without_skrub_say_what_to_install(frame, tmp_path, monkeypatch, capsys):
    frame.to_csv(tmp_path / "a.csv", index=False)
    monkeypatch.setitem(sys.modules, "skrub", None)
    assert main([str(tmp_path / "a.csv")]) == 2
    err = capsys.readouterr().err
    assert "['colour'] are not numeric" in err
    assert 'pip install "sufficient-data[tables]"' in err


def test_numbers_are_imputed_and_scaled(numeric, tmp_path, settings):
    numeric.to_csv(tmp_path / "a.csv", index=False)
    main([str(tmp_path / "a.csv")])
    X = numeric[["width", "wet"]].astype(float)
    imputed = SimpleImputer(strategy="median", add_indicator=True).fit_transform(X)
    np.testing.assert_allclose(
        settings["encoder"].fit_transform(settings["X"]),
        StandardScaler().fit_transform(imputed),
    )
    assert settings["y"].tolist() == numeric["label"].tolist()


def test_an_outlier_is_held_back(numeric):
    features, _ = chosen_features(numeric.drop(columns="label"))
    encoder = table_encoder(features).fit(features)
    features.loc[0, "width"] = -1e9
    X = encoder.transform(features)
    assert X.min() == -10
    assert X[1:].min() > -5


def test_categories_and_dates_are_encoded(frame, tmp_path, settings):
    pytest.importorskip("skrub")
    days = pd.date_range("2020-01-01", periods=N, freq="17D")
    table = frame[["colour", "label"]].assign(day=days)
    table[["day", "colour", "label"]].to_csv(tmp_path / "a.csv", index=False)
    main([str(tmp_path / "a.csv")])
    X = np.asarray(settings["encoder"].fit_transform(settings["X"]))
    one_hot = OneHotEncoder(sparse_output=False)
    assert set(map(tuple, X[:, -3:])) == set(
        map(tuple, one_hot.fit_transform(frame[["colour"]]))
    )
    # Year, month, day and seconds in all.
    assert X.shape[1] == 4 + 3
    np.testing.assert_allclose(X[:, :4].mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(X[:, :4].std(axis=0), 1, atol=1e-3)


def test_constant_columns_and_ids_are_named_and_left_out(frame):
    features, remarks = chosen_features(frame.drop(columns="label"))
    assert list(features) == ["width", "wet", "colour"]
    assert remarks == [
        "Left out, because constant: unit (see --keep).",
        "Left out, because an id: row, name (see --keep).",
    ]


def test_columns_are_dropped_and_kept_on_request(frame):
    features, remarks = chosen_features(frame, ["wet", "label"], ["name", "unit"])
    assert list(features) == ["name", "unit", "width", "colour"]
    assert remarks == ["Left out, because an id: row (see --keep)."]


@pytest.mark.parametrize(
    "values",
    [
        pd.date_range("2020", periods=9).astype(str),
        [f"{i}.5" for i in range(9)],
        range(1960, 1969),
        [2, 1, 3, 4, 5, 6, 7, 8, 9],
    ],
    ids=["dates", "numbers", "years", "ranks"],
)
def test_different_values_alone_make_no_id(values):
    frame = pd.DataFrame({"a": values})
    assert list(chosen_features(frame)[0]) == ["a"]


def test_nullable_types_become_floats():
    values = {"i": [1, None, 5], "b": [True, None, False]}
    frame = pd.DataFrame(values).astype({"i": "Int64", "b": "boolean"})
    expected = pd.DataFrame({"i": [1, np.nan, 5], "b": [1, np.nan, 0]})
    pd.testing.assert_frame_equal(numbers_as_floats(frame), expected)


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        ([0.5, 1.5] * 50, True),
        ([0.0, 1.0] * 50, False),
        ([1, 2] * 2, False),
        ([1, 2, 3] * 3, True),
        ([1, 2, 3] * 5, False),
        (list(range(10)) * 5, False),
        (list(range(11)) * 5, True),
        (["a", "b"], False),
        ([True, False], False),
    ],
)
def test_kind_of_the_target(values, numbers):
    assert are_numbers(pd.Series(values)) == numbers


def test_the_kind_is_overridden(numeric, tmp_path, settings, capsys):
    ages = np.arange(N) // 2
    numeric.assign(label=ages).to_csv(tmp_path / "a.csv", index=False)
    main([str(tmp_path / "a.csv")])
    assert isinstance(settings["estimator"], NeuralNetRegressor)
    assert "The target 'label' is a number" in capsys.readouterr().err
    main([str(tmp_path / "a.csv"), "--classify", "--n-samples=110"])
    assert settings["estimator"] == "mlp"
    assert settings["y"].dtype.kind == "i"
    numeric.assign(label=ages // 20).to_csv(tmp_path / "a.csv", index=False)
    main([str(tmp_path / "a.csv"), "--regress"])
    assert isinstance(settings["estimator"], NeuralNetRegressor)


def test_rows_without_a_target_are_counted(numeric, tmp_path, settings, capsys):
    numeric.assign(label=numeric["label"].mask(numeric.index < 20)).to_csv(
        tmp_path / "a.csv", index=False
    )
    main([str(tmp_path / "a.csv")])
    assert "Rows without a target, which are left out: 20." in capsys.readouterr().err
    assert len(settings["y"]) == N - 20


def test_a_class_with_one_sample_is_told(numeric, tmp_path, settings, capsys):
    numeric.loc[3, "label"] = "maybe"
    numeric.to_csv(tmp_path / "a.csv", index=False)
    main([str(tmp_path / "a.csv")])
    assert "only one of their class (maybe)" in capsys.readouterr().err
    assert {*settings["y"]} == {"yes", "no"}


def test_a_class_with_two_samples_is_no_error(numeric, tmp_path):
    numeric.loc[[3, 9], "label"] = "maybe"
    numeric.to_csv(tmp_path / "a.csv", index=False)
    assert main([str(tmp_path / "a.csv"), *FAST, "--batch-size=30", "--quiet"]) == 0


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", [], "No columns to parse"),
        ("a,b\n", [], "There are no rows"),
        ("a\n1\n2\n", [], "no columns besides 'a'. Comma, semicolon, tab or bar"),
        ("Price,b\n1,2\n", ["--target=price"], "Did you mean 'Price'?"),
        ("width,b\n1,2\n", ["--target=wdth"], "Did you mean 'width'?"),
        ("width,b\n1,2\n", ["--drop=wdth"], "Did you mean 'width'?"),
        ("a,b,a\n1,2,3\n", [], "Several columns are called ['a']. Rename"),
        ("a,b\n5,\n2,\n", [], "No row has a target: column 'b' is empty"),
        ("a,b\n5,x\n2,x\n", [], "one class only (x)"),
        ("a,b\n5,x\n2,y\n", [], "one class only"),
        ("a,b\n5,1.5\n2,2\n", [], "2 rows to learn from, but 10 are needed"),
        ("a,b\n1%,x\n2 %,y\n", [], "['a'] hold percentages as text"),
        ("a,b\n5,1%\n2,2%\n", [], "target 'b' holds percentages as text"),
        (
            "a,b\n1,2\n1,3\n",
            [],
            "No columns are left to learn from. Left out, because constant: a",
        ),
        ("a,b\n5,2\ninf,3\n", [], "['a'] hold infinity"),
        ("a,b\n5,1\n2,?\n3,4\n", [], "numbers and text, such as '?'"),
        ("a,b\n5,x\n2,y\n3,z\n4,u\n", [], "4 different texts in 4 rows"),
        ("a,b\n5,x\n2,y\n", ["--regress"], "cannot be learnt as a number"),
        ("a,b\n5,2020-01-01\n2,2020-02-01\n", ["--regress"], "as a number"),
    ],
)
def test_bad_tables_are_told_in_a_sentence(tmp_path, capsys, text, options, message):
    (tmp_path / "a.csv").write_text(text)
    assert main([str(tmp_path / "a.csv"), *options]) == 2
    err = capsys.readouterr().err
    assert err.startswith("sufficient: error: ")
    assert message in err


def test_other_encodings_than_utf_8_are_told(tmp_path, capsys):
    (tmp_path / "a.csv").write_bytes("é,b\n1,2\n".encode("latin-1"))
    assert main([str(tmp_path / "a.csv")]) == 2
    assert "Save it in that encoding" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("targets", "regression", "y", "remark"),
    [
        ({"a": [0, 1], "b": ["yes", "no"]}, False, [[0, 1], [1, 0]], "a = 1, b = yes"),
        ({"a": [0.5, 1.5], "b": [2, 4.5]}, True, [[0.5, 2], [1.5, 4.5]], "numbers"),
    ],
    ids=["labels", "numbers"],
)
def test_several_targets(
    numeric, tmp_path, settings, capsys, targets, regression, y, remark
):
    columns = {name: values * (N // 2) for name, values in targets.items()}
    numeric.assign(**columns).to_csv(tmp_path / "a.csv", index=False)
    main([str(tmp_path / "a.csv"), "--target=a", "--target=b"])
    assert isinstance(settings["estimator"], NeuralNetRegressor) == regression
    assert settings["y"][:2].tolist() == y
    assert list(settings["X"]) == ["width", "wet", "label"]
    assert remark in capsys.readouterr().err


def test_targets_of_two_kinds_are_told(numeric, tmp_path, capsys):
    numeric.assign(size=np.linspace(0, 1, N)).to_csv(tmp_path / "a.csv", index=False)
    assert main([str(tmp_path / "a.csv"), "--target=size", "--target=label"]) == 2
    assert "neither all numbers nor all labels" in capsys.readouterr().err


def test_lists_in_cells_and_dates_as_target_are_told(tmp_path, capsys):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"a": [[1], [2]], "b": pd.date_range("2020", periods=2)})
    frame.to_parquet(tmp_path / "a.parquet")
    assert main([str(tmp_path / "a.parquet")]) == 2
    assert "['a'] hold lists or objects" in capsys.readouterr().err
    frame.assign(a=[5, 1]).to_parquet(tmp_path / "a.parquet")
    assert main([str(tmp_path / "a.parquet")]) == 2
    assert "'b' holds dates or times" in capsys.readouterr().err


@pytest.mark.parametrize("repeats", [[], ["--repeats=2"]])
def test_a_table_runs_to_the_end(frame, tmp_path, capsys, repeats):
    pytest.importorskip("skrub")
    frame.to_csv(tmp_path / "a.csv", index=False)
    fast = [*FAST, "--batch-size=30", "--json", "--quiet", *repeats]
    assert main([str(tmp_path / "a.csv"), *fast]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    remarks = strict(out)["remarks"]
    assert remarks[0] == "The target 'label' is a class, one of 2."
    assert "row, name" in remarks[-1]
