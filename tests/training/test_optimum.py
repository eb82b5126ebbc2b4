"""Training to an optimum. Oracles: weighted means, least squares, foretold losses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import poch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from skorch.callbacks import GradientNormClipping
from torch import nn

from sufficient.training import optimum
from sufficient.training.judge import Judge, Judgement
from tests.training.fits import (
    Foretold,
    Linear,
    classifier,
    one_target,
    recorded,
    regressor,
    search,
    state_of,
    three_classes,
)

# Up to rounding, which adds up to a percent.
LOOKS = 32 * np.sqrt(2) ** np.arange(20)


def weighted_mean(states):
    """After t steps, step s has the weight s (s + 1) ... (s + 7), up to a factor."""
    weights = poch(np.arange(1.0, len(states) + 1), 8)
    weights = torch.from_numpy(weights / weights.sum())
    return [
        torch.tensordot(weights, torch.stack(one).double(), dims=1)
        for one in zip(*states, strict=True)
    ]


class TestAverages:
    @pytest.mark.parametrize("n_steps", [1, 2, 32, 181])
    def test_are_weighted_means_of_all_steps(self, n_steps):
        found = search(classifier(), three_classes(), Foretold(1.0))
        states = recorded(found)
        found._advance(n_steps)
        for mean, expected in zip(found.mean, weighted_mean(states), strict=True):
            torch.testing.assert_close(mean.double(), expected, rtol=1e-5, atol=1e-6)

    def test_are_what_the_judge_is_shown_running_statistics_included(self):
        judge = Foretold(1.0)
        found = search(classifier(), three_classes(), judge)
        found._advance(64)
        shown = classifier().initialize().module_
        names = [n for n, t in shown.state_dict().items() if t.is_floating_point()]
        assert {"1.running_mean", "1.running_var"} < set(names)
        given = dict(zip(shown.state_dict(), judge.seen[-1], strict=True))
        shown.load_state_dict(given)
        assert all(map(torch.equal, optimum._float_tensors(shown), found.mean))

    def test_do_not_disturb_the_steps(self):
        often, never = (search(classifier(), three_classes()) for _ in range(2))
        for n in (32, 45, 64):
            often._advance(n)
        never._advance(64)
        assert all(map(torch.equal, often.live, never.live))


class TestOptimum:
    def test_of_a_linear_regression_is_that_of_least_squares(self):
        samples = one_target()
        found = search(regressor(lr=0.02), samples)
        progress = found.run()
        X = torch.cat([samples.X, torch.ones(len(samples), 1)], 1).double()
        y = samples.y.double()
        least = ((X @ torch.linalg.lstsq(X, y).solution - y) ** 2).mean()
        reached = ((found.net.predict(samples.X) - samples.y.numpy()) ** 2).mean()
        assert least <= reached < 1.005 * least
        assert not progress.is_capped

    def test_of_logistic_regression_is_scikit_learns(self):
        samples = three_classes()
        net = classifier(Linear, module__n_outputs=3)
        search(net, samples).run()
        X, y = samples.X.numpy(), samples.y.numpy()
        least = log_loss(y, LogisticRegression(C=np.inf).fit(X, y).predict_proba(X))
        reached = Judge(samples, "neg_log_loss")(net).loss
        assert least - 1e-6 <= reached < 1.005 * least

    def test_on_samples_set_apart_stops_before_it_overfits(self):
        train, apart = three_classes(40), three_classes(400, seed=1)
        net = classifier(lr=0.3, batch_size=8, max_epochs=100)
        judge = Judge(apart, "neg_log_loss")
        progress = search(net, train, judge).run()
        kept = judge(net).loss
        assert progress.kept_steps < progress.steps
        assert kept < judge(net.fit(train.X, train.y)).loss

    def test_same_numbers_for_the_same_seed(self):
        judge = Judge(three_classes(seed=1), None)
        one, same, other = (
            search(classifier(), three_classes(), judge, seed) for seed in (0, 0, 1)
        )
        assert one.run() == same.run()
        other.run()
        assert all(map(torch.equal, one.live, same.live))
        assert not all(map(torch.equal, one.live, other.live))


class TestTheBestLook:
    def test_is_kept(self):
        judge = Foretold(5.0, 4.0, 3.0, 2.0, 3.0, 4.0)
        found = search(regressor(), one_target(), judge)
        progress = found.run()
        assert progress.kept_steps == pytest.approx(LOOKS[3], rel=0.02)
        assert all(map(torch.equal, state_of(found.net), judge.seen[3]))
        assert found.judgement == Judgement(2.0, 1.0)

    def test_has_the_temperature_that_is_told(self):
        class Hot(Foretold):
            def __call__(self, net):
                return super().__call__(net)._replace(temperature=len(self.seen))

        found = search(regressor(), one_target(), Hot(5.0, 4.0, 4.5))
        assert found.run().temperature == 2

    def test_may_be_one_that_hardly_improves(self):
        judge = Foretold(5.0, 4.999)
        assert search(regressor(), one_target(), judge).run().kept_steps == 45


class TestTheEnd:
    @pytest.mark.parametrize("n_looks", [1, 5, 9, 11])
    def test_comes_when_twice_the_steps_have_not_helped(self, n_looks):
        judge = Foretold(*(0.9**i for i in range(n_looks)))
        progress = search(regressor(), one_target(), judge).run()
        assert progress.kept_steps == pytest.approx(LOOKS[n_looks - 1], rel=0.02)
        expected = max(512, 2 * progress.kept_steps)
        assert progress.steps == pytest.approx(expected, rel=0.02)
        assert progress.steps == pytest.approx(LOOKS[len(judge.seen) - 1], rel=0.02)
        assert not progress.is_capped

    @pytest.mark.parametrize(
        ("fall", "constant", "helps"),
        [
            (0.006, 2.0, True),
            (0.004, 2.0, False),
            (0.009, 4.0, True),
            (0.006, 4.0, False),
        ],
    )
    def test_counts_half_a_percent_or_a_fivehundredth_of_a_constant_answer(
        self, fall, constant, helps
    ):
        judge = Foretold(*[1.0] * 8, 1 - fall, constant=constant)
        progress = search(regressor(), one_target(), judge).run()
        # The ninth look comes after 512 steps.
        assert progress.steps == pytest.approx(1024 if helps else 512, rel=0.02)

    @pytest.mark.parametrize(
        ("constant", "steps"), [(1.004, 4096), (1.006, 512), (np.inf, 512)]
    )
    def test_is_late_for_a_net_no_better_than_a_constant_answer(self, constant, steps):
        judge = Foretold(1.0, constant=constant)
        progress = search(regressor(), one_target(), judge).run()
        assert progress.steps == pytest.approx(steps, rel=0.02)

    @pytest.mark.parametrize(
        ("steps", "epochs", "most"),
        [(700, 1, 700), (100, 80, 800), (1000, 80, 1000)],
    )
    def test_comes_at_the_most_steps_and_is_said(
        self, monkeypatch, steps, epochs, most
    ):
        monkeypatch.setattr(optimum, "MOST_STEPS", steps)
        monkeypatch.setattr(optimum, "MOST_EPOCHS", epochs)
        judge = Foretold(*(0.9**i for i in range(20)))
        progress = search(regressor(), one_target(), judge).run()
        assert (progress.steps, progress.is_capped) == (most, True)

    @pytest.mark.parametrize("losses", [[np.nan], [1.0, np.nan], [np.inf]])
    def test_of_a_loss_that_is_no_number_is_an_error_in_words(self, losses):
        with pytest.raises(ValueError, match="Lower the learning rate"):
            search(regressor(), one_target(), Foretold(*losses)).run()

    def test_of_a_net_that_diverges_is_an_error_in_words(self):
        with pytest.raises(ValueError, match="Lower the learning rate"):
            search(regressor(lr=1e4), one_target()).run()


class TestTwiceAsLong:
    def test_leaves_the_net_as_it_was_bit_for_bit(self):
        found = search(classifier(), three_classes(), Foretold(3.0, 2.0, 1.0))
        found.run()
        before = state_of(found.net)
        with found.run_twice_as_long():
            pass
        assert all(map(torch.equal, state_of(found.net), before))

    def test_leaves_it_so_after_an_error(self):
        found = search(classifier(), three_classes(), Foretold(3.0, 2.0, 1.0))
        found.run()
        before = state_of(found.net)
        with pytest.raises(KeyboardInterrupt), found.run_twice_as_long():
            raise KeyboardInterrupt
        assert all(map(torch.equal, state_of(found.net), before))

    def test_leaves_it_so_where_the_steps_themselves_fail(self):
        judge = Foretold(*[1.0] * 9, np.nan)  # after the 512 steps there are
        found = search(classifier(), three_classes(), judge)
        found.run()
        before = state_of(found.net)
        with pytest.raises(ValueError), found.run_twice_as_long():
            pass
        assert all(map(torch.equal, state_of(found.net), before))

    def test_is_the_same_search_gone_on_with(self):
        losses = [3.0, *[2.0] * 8, 1.0]
        once, whole = (
            search(classifier(), three_classes(), Foretold(*losses)) for _ in range(2)
        )
        states = recorded(whole)
        n_steps = once.run().steps
        with once.run_twice_as_long():
            assert once.steps == 2 * n_steps
            longer = [tensor.clone() for tensor in once.live]
        whole.run()
        whole.judge.losses = [1.0]
        with whole.run_twice_as_long():
            pass
        del states[whole.kept_steps :]
        for mean, expected in zip(longer, weighted_mean(states), strict=True):
            torch.testing.assert_close(mean.double(), expected, rtol=1e-4, atol=1e-5)

    def test_gives_the_same_net_where_nothing_is_gained(self):
        found = search(classifier(), three_classes(), Foretold(1.0, 2.0))
        found.run()
        before = [t.clone() for t in found.live]
        with found.run_twice_as_long():
            assert all(map(torch.equal, found.live, before))


class TestMinibatches:
    @pytest.mark.parametrize(
        ("given", "n", "used"),
        [(20, 200, 20), (128, 200, 25), (-1, 200, 25), (64, 10_000, 64), (1, 9, 1)],
    )
    def test_are_those_of_the_net_but_eight_at_least(self, given, n, used):
        found = search(regressor(batch_size=given), one_target(n))
        assert found.batch_size == used
        assert len(next(found.batches)) == used

    def test_go_through_all_samples_equally_often(self):
        found = search(regressor(batch_size=6), one_target(50))
        drawn = torch.cat([next(found.batches) for _ in range(50)])
        assert torch.bincount(drawn).tolist() == [6] * 50

    @pytest.mark.parametrize("n", [2, 5, 9, 17])
    def test_suit_batch_normalisation_however_few_the_samples(self, n):
        found = search(classifier(), three_classes(n), Foretold(1.0))
        assert found.run().kept_steps == 32


def test_gradients_are_clipped_in_these_steps_too():
    none, loose, tight = (
        search(regressor(callbacks=given), one_target(), Foretold(1.0))
        for given in (
            None,
            [GradientNormClipping(1e9)],
            [GradientNormClipping(1e-6)],
        )
    )
    start = [t.clone() for t in tight.live]
    for found in (none, loose, tight):
        found._advance(32)
    assert all(map(torch.equal, none.live, loose.live))
    steps = [float((t - s).norm()) for t, s in zip(tight.live, start, strict=True)]
    assert max(steps) <= 32 * 0.1 * 1e-6 * 1.5
    assert isinstance(none.net.criterion_, nn.MSELoss)
