"""Files broken in every way. Oracle: an answer, or one sentence and exit code 2."""

from __future__ import annotations

import io
import os
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification

from sufficient.command.main import main
from sufficient.estimator import SampleSizeEstimator

N_FILES = int(os.environ.get("SUFFICIENT_FILES", "5000"))
OPTIONS = [
    "--target=label", "--target=", "--target=a", "--regression", "--n-samples=10",
    "--n-samples=0", "--n-samples=-3", "--n-samples=99", "--model=cnn", "--tol=0.1",
    "--tol=nan", "--tol=-1", "--tol=1e999", "--batch-size=3", "--batch-size=auto",
    "--batch-size=0", "--batch-size=1e9", "--sigma=auto", "--sigma=-1",
    "--n-directions=1", "--n-directions=30", "--n-directions=auto", "--min-gain=-1",
    "--device=cpu", "--device=", "--device=meta", "--seed=7", "--seed=-1", "--json",
    "--seed=99999999999", "--exit-code", "--bound=eigenvalue", "--training=full",
    "--repeats=0", "--checkpoint=/dev/null",
]  # fmt: skip
CELLS = [
    "", "nan", "inf", "-inf", "1e400", "1e39", "-0", "0x1F", "1,5", '"', "'", ";", "\t",
    "yes", "None", "NULL", "\x00", "\ufeff", "1_000", "2020-01-01", "1+2j", "é", "True",
    "9" * 400, "a\nb", "=1+1", " ", "#", "12:30", "[1]", "1e-400", "9" * 20,
]  # fmt: skip
ARRAYS = [
    np.zeros((0, 3)), np.zeros(24), np.zeros((24, 0)), np.array(1.0), np.full(24, "x"),
    np.arange(24), np.arange(24) % 2, np.arange(24) % 2 == 0, np.linspace(0, 1, 24),
    np.full((24, 3), np.inf), np.full((24, 3), np.nan), np.full((24, 3), 1e300),
    np.zeros((24, 2), dtype=complex), np.zeros(24, dtype="datetime64[s]"),
    np.zeros(24, dtype=[("a", int)]), np.full(24, b"x"), np.zeros((24, 2, 2, 2)),
    np.eye(24), np.eye(24, dtype=int)[:, :3], np.zeros((24, 3), np.float16),
    np.full(24, 2**63, dtype=np.uint64), np.zeros(24, dtype="V8"), np.array(["b"] * 24),
    np.zeros((23, 3)), np.ma.masked_all(24), np.full((24, 2), "1.5"), -np.arange(24),
    np.zeros((24, 3), dtype="timedelta64[D]"), np.zeros(24, dtype=np.longdouble),
]  # fmt: skip


@pytest.fixture(scope="module")
def whole():
    """Bytes of a table and of arrays that can be answered."""
    X, y = make_classification(24, 3, n_informative=2, n_redundant=0, random_state=0)
    frame = pd.DataFrame(X.round(3), columns=list("abc")).assign(
        label=np.where(y, "yes", "no")
    )
    return {".csv": frame.to_csv(index=False).encode(), ".npz": packed_arrays(X, y)}


def packed_arrays(X, y, **how):
    file = io.BytesIO()
    save = np.savez_compressed if how.get("compressed") else np.savez
    save(file, X=X, y=y)
    return file.getvalue()


def damaged(data, rng):
    """Bytes lost, changed, doubled or put in."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        start = rng.integers(len(data) + 1)
        length = int(rng.choice([1, 1, 4, 40]))
        piece = data[start : start + length]
        data[start : start + length] = [
            bytes(rng.integers(256, size=len(piece), dtype=np.uint8)),
            b"",
            piece + piece,
            piece + bytes(rng.integers(256, size=length, dtype=np.uint8)),
        ][rng.integers(4)]
    return bytes(data[: rng.integers(len(data) + 1)] if rng.random() < 0.1 else data)


def other_cells(data, rng):
    """A table with strange words in it."""
    rows = [line.split(",") for line in data.decode().splitlines()]
    for _ in range(rng.integers(1, 4)):
        word = CELLS[rng.integers(len(CELLS))]
        row, column = rng.integers(len(rows)), rng.integers(4)
        way = rng.integers(5)
        if way == 0:
            rows[row] = rows[row][:column]
        elif way == 1:
            rows[0][min(column, len(rows[0]) - 1)] = word
        elif way == 2:
            rows = [[*r[:column], word, *r[column + 1 :]] for r in rows]
        elif column < len(rows[row]):
            rows[row][column] = word
        rows = rows or [[word]]
        rows[0] = rows[0] or [word]
    return "\n".join(",".join(row) for row in rows).encode("utf-8", "replace")


def other_arrays(rng):
    """Arrays that nobody would take for data."""
    X, y = (ARRAYS[i] for i in rng.integers(len(ARRAYS), size=2))
    usual = np.random.default_rng(0).standard_normal((24, 3))
    X = usual if rng.random() < 0.4 else X
    y = np.arange(24) % 2 if rng.random() < 0.4 else y
    return packed_arrays(X, y, compressed=rng.random() < 0.2)


def other_header(data, rng):
    """A sound archive, in which an array says something else about itself."""
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            content = bytearray(source.read(name))
            for _ in range(rng.integers(4)):
                content[rng.integers(min(128, len(content)))] = rng.integers(32, 127)
            archive.writestr(name, bytes(content))
    return target.getvalue()


@pytest.fixture
def quick(monkeypatch):
    """Whole fits, of as little as there can be."""
    fit = SampleSizeEstimator.fit

    def fit_quickly(est, X, y, **validation):
        est.set_params(update_epochs=1, n_monte_carlo=2, n_candidates=1, schedule=4.0)
        return fit(est, X, y, **validation)

    monkeypatch.setattr(SampleSizeEstimator, "fit", fit_quickly)


def ask(path, options, capsys):
    """Exit code, after a look at what was printed."""
    try:
        code = main([str(path), "--quiet", *options])
    except SystemExit as error:
        code = error.code
    out, err = capsys.readouterr()
    assert code in (0, 1, 2)
    if code == 2:
        assert out == ""
        assert "error: " in err
        assert "Traceback" not in err
        assert 20 < len(err) < 3000
    else:
        assert "erdict" in out
    return code


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "n", [40, pytest.param(N_FILES, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_broken_files_are_told_in_a_sentence(n, whole, quick, tmp_path, capsys):
    rng, codes = np.random.default_rng(n), []
    usual = ["--batch-size=6", "--n-directions=1", "--training=update"]
    for i in range(n):
        suffix, change = [
            (".csv", damaged),
            (".csv", other_cells),
            (".npz", damaged),
            (".npz", lambda _, rng: other_arrays(rng)),
            (".npz", other_header),
        ][i % 5]
        path = tmp_path / f"data{suffix}"
        path.write_bytes(change(whole[suffix], rng))
        count = rng.integers(3) if rng.random() < 0.5 else 0
        chosen = rng.choice(OPTIONS, count).tolist()
        codes.append(ask(path, usual + chosen, capsys))
    assert {0, 2} <= set(codes)


@pytest.mark.parametrize("name", ["X", "y"])
@pytest.mark.parametrize("odd", [np.zeros(24, dtype=[("a", int)]), np.array(1.0)])
def test_arrays_that_nobody_can_learn_are_told(name, odd, tmp_path, capsys):
    arrays = {"X": np.eye(24), "y": np.arange(24) % 2, name: odd}
    np.savez(tmp_path / "data.npz", **arrays)
    assert ask(tmp_path / "data.npz", ["--n-samples=10"], capsys) == 2


def test_a_header_that_breaks_off_is_told(tmp_path, whole, capsys):
    source, target = zipfile.ZipFile(io.BytesIO(whole[".npz"])), tmp_path / "data.npz"
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            content = source.read(name).replace(b"(24, 3), }", b"(24, 3,  (")
            archive.writestr(name, content)
    assert ask(target, [], capsys) == 2
