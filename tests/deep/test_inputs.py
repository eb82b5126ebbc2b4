"""What a net is given. Oracle: the same numbers as arrays in memory, or by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy import sparse
from skorch import NeuralNetClassifier
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from examples.studies.deep_nets.nets import (
    N_TOKENS,
    Recurrent,
    SeveralInputs,
    tokens,
    tokens_and_numbers,
)
from sufficient import SampleSizeEstimator, sample_size_curve
from sufficient.growing.run import Run
from sufficient.nets import default_net
from tests.data.kinds import Table
from tests.same import assert_same_curves
from tests.small import SEEDED, small

N = 80
QUICK = {**SEEDED, "schedule": [2, 3], "batch_size": 16, "update_epochs": 1}


class Bag(nn.Module):
    """Mean of the embeddings of tokens."""

    def __init__(self, n_outputs):
        super().__init__()
        self.embedding = nn.Embedding(N_TOKENS, 8)
        self.head = nn.Linear(8, n_outputs)

    def forward(self, X):
        return self.head(self.embedding(X).mean(1))


class InList(SeveralInputs):
    """Takes its inputs as one list, as skorch passes a tuple."""

    def forward(self, X):
        return super().forward(*X)


class Items(Dataset):
    """Items that a function makes of their number."""

    def __init__(self, item):
        self.item = item

    def __len__(self):
        return N

    def __getitem__(self, row):
        return self.item(row)


def asked(net, X, y, **changes):
    return SampleSizeEstimator(net, **{**QUICK, **changes}).fit(X, y)


@pytest.fixture(scope="module")
def sentences():
    return tokens(N)


@pytest.fixture(scope="module")
def of_sentences(sentences):
    return asked(Bag, *sentences)


@pytest.fixture(scope="module")
def several():
    return tokens_and_numbers(N)


@pytest.fixture(scope="module")
def of_several(several):
    return asked(SeveralInputs, *several)


class TestWholeNumbers:
    @pytest.mark.parametrize("dtype", ["int8", "int32", "uint16"])
    def test_ids_of_any_integer_kind_stay_integers(
        self, sentences, of_sentences, dtype
    ):
        X, y = sentences
        est = asked(Bag, X.astype(dtype), y)
        assert_same_curves(est, of_sentences)
        assert_array_equal(est.predict(X.tolist()), of_sentences.predict(X))

    def test_the_function_takes_them_as_well(self, sentences, of_sentences):
        curve = sample_size_curve(Bag, *sentences, **QUICK)
        assert_array_equal(curve.columns["delta"], of_sentences.delta_curve_)

    def test_integers_become_floats_where_the_net_takes_floats(self, digits):
        X, y = np.round(8 * digits[0]), digits[1]
        assert_same_curves(small().fit(X.astype(int), y), small().fit(X, y))

    def test_whole_floats_may_be_predicted_for_and_fractions_not(
        self, sentences, of_sentences
    ):
        X, _ = sentences
        predicted = of_sentences.predict(X.astype(float))
        assert_array_equal(predicted, of_sentences.predict(X))
        with pytest.raises(ValueError, match=r"fractions.*Pass integers"):
            of_sentences.predict(X + 0.5)

    @pytest.mark.parametrize("unknown", [-1, N_TOKENS])
    def test_one_unknown_id_is_enough_to_name_the_embedding(self, sentences, unknown):
        X, y = sentences
        X = X.copy()
        X[40, 2] = unknown
        with pytest.raises(ValueError, match=r"below num_embeddings"):
            asked(Bag, X, y)

    @pytest.mark.parametrize("method", ["predict", "predict_proba"])
    @pytest.mark.parametrize("unknown", [-1, N_TOKENS])
    def test_so_it_is_after_the_fit(self, sentences, of_sentences, method, unknown):
        X = sentences[0].copy()
        X[40, 2] = unknown
        with pytest.raises(ValueError, match=r"0 or more and below num_embeddings"):
            getattr(of_sentences, method)(X)

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    @pytest.mark.parametrize("unknown", [-1, N_TOKENS])
    def test_and_among_unlabelled_samples_before_the_training(
        self, sentences, method, unknown, monkeypatch
    ):
        X, y = sentences
        pool = X.copy()
        pool[40, 2] = unknown
        est = SampleSizeEstimator(Bag, **QUICK)
        monkeypatch.setattr(Run, "begin", lambda *args: pytest.fail("too late"))
        with pytest.raises(ValueError, match=r"0 or more and below num_embeddings"):
            getattr(est, method)(X, y, X_unlabelled=pool)

    @pytest.mark.parametrize("kind", [list, "tensors", "objects"])
    def test_sequences_of_several_lengths_are_to_be_padded(self, sentences, kind):
        X, y = sentences
        ragged = [row[row > 0] for row in X]
        if kind == "tensors":
            ragged = [torch.from_numpy(row) for row in ragged]
        if kind == "objects":
            ragged = np.array(ragged, dtype=object)
        with pytest.raises(ValueError, match=r"7 to 12 entries.*pad_sequence"):
            asked(Bag, ragged, y)

    def test_a_saved_estimator_still_knows(self, of_sentences, sentences, tmp_path):
        of_sentences.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=Bag)
        X, _ = sentences
        assert_array_equal(loaded.predict_proba(X), of_sentences.predict_proba(X))

    def test_batches_of_a_session(self, sentences):
        X, y = sentences
        est = SampleSizeEstimator(Recurrent, **QUICK)
        for rows in np.split(np.arange(N), 2):
            est.partial_fit(X[rows], y[rows])
        assert est.predict(X).shape == (N,)


class TestDataSetsOfTokens:
    @pytest.mark.parametrize("loaded", [False, True], ids=["dataset", "loader"])
    def test_a_dataset_or_its_loader(self, sentences, of_sentences, loaded):
        X, y = map(torch.from_numpy, sentences)
        data = TensorDataset(X, y)
        est = asked(Bag, DataLoader(data, batch_size=7) if loaded else data, None)
        assert_same_curves(est, of_sentences)

    def test_a_table_with_a_column_of_tokens(self, sentences, of_sentences):
        X, y = sentences
        table = Table({"input_ids": X.tolist(), "label": y.tolist()})
        assert_same_curves(asked(Bag, table, "label"), of_sentences)


class TestSeveralInputs:
    def test_a_tuple_is_a_list_for_forward(self, several, of_several):
        X, y = several
        pair = tuple(X.values())
        est = asked(InList, pair, y)
        assert_same_curves(est, of_several)
        assert_array_equal(est.predict(pair), of_several.predict(X))

    @pytest.mark.parametrize("form", ["pairs", "items with the target"])
    def test_data_sets_of_dicts(self, several, of_several, form):
        X, y = several

        def item(row):
            inputs = {name: part[row] for name, part in X.items()}
            return (inputs, y[row]) if form == "pairs" else {**inputs, "label": y[row]}

        data, target = Items(item), None if form == "pairs" else "label"
        est = asked(SeveralInputs, data, target)
        assert_same_curves(est, of_several)
        assert est.score(data, target) == of_several.score(X, y)

    def test_callers_give_a_validation_set(self, several):
        X, y = several
        first, last = (
            {k: v[r] for k, v in X.items()} for r in (slice(60), slice(60, N))
        )
        est = SampleSizeEstimator(SeveralInputs, **QUICK)
        est.fit(first, y[:60], X_val=last, y_val=y[60:])
        assert len(est.validation_indices_) == 0
        assert est.n_train_ == 60

    @pytest.mark.parametrize(
        "scoring", ["roc_auc", lambda est, X, y: est.predict(X)[0]], ids=["name", "own"]
    )
    def test_scorers(self, several, scoring):
        est = asked(SeveralInputs, *several, scoring=scoring)
        assert np.isfinite(est.score_curve_).all()

    def test_a_session_saved_and_resumed(self, several, tmp_path):
        X, y = several
        est = SampleSizeEstimator(SeveralInputs, **QUICK)
        for start in (0, 40):
            rows = slice(start, start + 40)
            est.partial_fit({k: v[rows] for k, v in X.items()}, y[rows])
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=SeveralInputs)
        assert_array_equal(loaded.predict_proba(X), est.predict_proba(X))

    def test_a_checkpoint_goes_on(self, several, of_several, tmp_path):
        for _ in range(2):
            est = asked(SeveralInputs, *several, checkpoint=tmp_path)
            assert_same_curves(est, of_several)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda X: {**X, "numbers": X["numbers"][:-1]}, "inconsistent numbers"),
            (
                lambda X: {"token": X["tokens"]},
                r"token \(\d+, 12\).*unexpected keyword",
            ),
            (lambda X: {**X, "numbers": X["numbers"].astype(str)}, r"X\['numbers'\]"),
            (lambda X: {}, "empty dict"),
        ],
        ids=["length", "name", "text", "nothing"],
    )
    def test_bad_ones_are_named(self, several, change, message):
        X, y = several
        X = (
            {**X, "numbers": np.char.add(X["numbers"].astype(str), "x")}
            if ("numbers'" in message)
            else X
        )
        with pytest.raises(ValueError, match=message):
            asked(SeveralInputs, change(X), y)

    def test_other_inputs_than_in_fit_are_refused(self, several, of_several):
        X, _ = several
        with pytest.raises(ValueError, match="fitted on samples of shape"):
            of_several.predict({"tokens": X["tokens"]})


class TestSparse:
    @pytest.mark.parametrize("kind", ["csr", "dok"])
    def test_a_sparse_matrix_gives_the_answer_of_the_dense_one(self, digits, kind):
        X, y = digits
        X = np.maximum(X, 0)
        est = small().fit(sparse.csr_array(X).asformat(kind), y)
        dense = small().fit(X, y)
        assert_same_curves(est, dense)
        assert_array_equal(est.predict(sparse.csr_matrix(X)), dense.predict(X))


class TestPlainModules:
    def test_a_module_is_the_net_that_it_stands_for(self, sentences, of_sentences):
        assert_same_curves(asked(default_net(Bag), *sentences), of_sentences)
        assert isinstance(of_sentences.estimator_, NeuralNetClassifier)

    def test_numbers_make_it_a_regressor(self):
        X = np.random.default_rng(0).standard_normal((N, 5)).astype(np.float32)
        module = nn.Sequential(nn.Linear(5, 1))
        y = 10 * X[:, 0] + 3.5
        est = asked(module, X, y, training="converged", schedule=[3])
        assert est.score(X, y) > 0.5
        assert isinstance(est.estimator_.criterion_, nn.MSELoss)

    def test_rows_of_zeros_and_ones_make_it_one_for_several_labels(self):
        X = np.random.default_rng(0).standard_normal((N, 5)).astype(np.float32)
        est = asked(nn.Sequential(nn.Linear(5, 3)), X, (X[:, :3] > 0).astype(int))
        assert set(np.unique(est.predict(X))) == {0, 1}
