"""Oracles: counting classes, and what a permutation is."""

import numpy as np
import pytest

from sufficient.growing.order import ordered, stratified_order
from sufficient.growing.schedule import batch_counts

Y = np.repeat([0, 1, 2], [600, 300, 100])


def grown(y=Y, **changes):
    settings = {
        "stratify": True,
        "batch_size": 20,
        "validation_fraction": 0.2,
        "rng": np.random.RandomState(0),
        **changes,
    }
    return ordered(y, **settings)


def test_every_sample_enters_once_or_is_held_out():
    growth = grown()
    everything = np.concatenate([growth.train_indices, growth.validation_indices])
    assert sorted(everything) == list(range(1000))
    assert len(growth.validation_indices) == 200


@pytest.mark.parametrize("seed", range(5))
def test_every_prefix_holds_the_classes_in_proportion(seed):
    growth = grown(rng=np.random.RandomState(seed))
    labels = Y[growth.train_indices]
    for n in range(20, 800, 20):
        shares = np.bincount(labels[:n], minlength=3) / n
        np.testing.assert_allclose(shares, [0.6, 0.3, 0.1], atol=2 / n)


def test_the_order_within_a_class_is_random():
    first, second = (
        stratified_order(np.zeros(50, int), np.random.RandomState(s)) for s in (0, 1)
    )
    assert (first != second).any()
    assert np.corrcoef(first, np.arange(50))[0, 1] < 0.5


def test_auto_batch_size_is_64_or_an_eighth():
    assert grown(batch_size="auto").batch_size == 64
    small = grown(Y[::20], batch_size="auto")
    assert small.batch_size == 5
    assert small.n_batches == 8


@pytest.mark.parametrize(("n", "held_out"), [(100, 20), (2000, 400), (60_000, 6000)])
def test_auto_holds_out_a_fifth_a_thousand_or_a_tenth(n, held_out):
    growth = grown(np.arange(n) % 2, batch_size="auto", validation_fraction="auto")
    assert len(growth.validation_indices) == held_out


def n_held_out(n, share="auto"):
    settings = {"stratify": False, "batch_size": 64, "validation_fraction": share}
    return len(grown(np.zeros(n), **settings).validation_indices)


@pytest.mark.parametrize("n, held_out", [(5000, 1000), (100_000, 10_000)])
def test_up_to_100_000_a_tenth_is_held_out_as_ever(n, held_out):
    assert n_held_out(n) == held_out


def test_of_very_many_10_000_are_held_out():
    assert n_held_out(400_000) == 10_000
    assert n_held_out(400_000, 0.1) == 40_000


def counts(schedule, n_batches, batch_size=64, ratio=1.5, first_size=128):
    how = {"ratio": ratio, "first_size": first_size}
    return batch_counts(schedule, n_batches, batch_size, **how)


def test_geometric_counts_grow_by_the_ratio_and_end_with_the_last_batch():
    found = counts("geometric", 140)
    assert found[0] == 2
    assert found[-1] == 140
    ratios = found[4:-1] / found[3:-2]
    assert np.all((ratios > 1.3) & (ratios < 1.7))


def test_other_schedules_say_where_to_measure():
    assert counts("all", 4).tolist() == [1, 2, 3, 4]
    assert counts([3, 1], 4).tolist() == [1, 3]
    assert counts(2.0, 32, first_size=256).tolist() == [4, 8, 16, 32]
    assert counts("geometric", 2).tolist() == [1, 2]


@pytest.mark.parametrize("schedule", [[0, 1], [5], []])
def test_a_schedule_outside_the_data_names_the_range(schedule):
    with pytest.raises(ValueError, match="between 1 and 4"):
        counts(schedule, 4)
