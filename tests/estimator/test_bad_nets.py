"""Nets without an answer. Oracle: words that name the remedy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.datasets import make_regression
from sklearn.linear_model import LogisticRegression
from skorch import (
    NeuralNet,
    NeuralNetBinaryClassifier,
    NeuralNetClassifier,
    NeuralNetRegressor,
)
from skorch.callbacks import EarlyStopping
from skorch.dataset import Dataset
from torch import nn

from sufficient import MLP
from sufficient.nets import default_net
from tests.estimator.nets import (
    Diverge,
    Frozen,
    Linear,
    NotANumber,
    WithoutParameters,
    WithSoftmax,
    classifier,
)
from tests.small import Convolution, small, small_net


class TestNets:
    def test_what_has_no_landscape_is_refused(self, ask, digits):
        with pytest.raises(ValueError, match="torch module, a skorch NeuralNetClass"):
            ask(LogisticRegression(), *digits)

    def test_a_module_that_cannot_be_built_wants_its_parameters(self, ask, digits):
        with pytest.raises(ValueError, match=r"in_features.*default_net\(Linear"):
            ask(nn.Linear, *digits)

    def test_a_misspelt_name_lists_the_names(self, ask, digits):
        with pytest.raises(ValueError, match="'mlp'"):
            ask("mpl", *digits)

    def test_a_class_of_nets_is_to_be_made_a_net(self, ask, digits):
        with pytest.raises(ValueError, match="a skorch NeuralNetClassifier"):
            ask(NeuralNetClassifier, *digits)

    def test_a_net_without_a_kind_of_answer_is_refused(self, ask, digits):
        net = NeuralNet(MLP, criterion=nn.CrossEntropyLoss, verbose=0)
        with pytest.raises(ValueError, match="NeuralNetClassifier or NeuralNetRegres"):
            ask(net, *digits)

    @pytest.mark.parametrize("module", [WithoutParameters, Frozen])
    def test_nothing_to_train_is_nothing_to_measure(self, ask, digits, module):
        with pytest.raises(ValueError, match="no trainable parameters"):
            ask(classifier(module), *digits)

    def test_too_few_outputs_are_to_be_widened(self, ask, digits):
        net = classifier(Linear, module__outputs=4)
        with pytest.raises(ValueError, match=r"4 outputs for 10 classes. Widen"):
            ask(net, *digits)

    def test_too_few_regression_outputs_are_to_be_widened(self, ask):
        X, y = make_regression(120, 64, n_targets=3, random_state=0)
        net = NeuralNetRegressor(Linear, module__outputs=2, verbose=0)
        with pytest.raises(ValueError, match=r"2 outputs for 3 targets. Widen"):
            ask(net, X.astype(np.float32), y)

    def test_outputs_without_a_class_are_refused(self, ask, digits):
        net = classifier(Linear, module__outputs=50)
        with pytest.raises(ValueError, match="50 outputs for 10 classes"):
            ask(net, *digits)

    def test_one_logit_cannot_tell_three_classes_apart(self, ask, digits):
        X, y = digits
        net = NeuralNetBinaryClassifier(Linear, module__outputs=1, verbose=0)
        with pytest.raises(ValueError, match="classes"):
            ask(net, X, y % 3)

    def test_two_outputs_of_a_binary_net_are_not_called_a_wrong_shape_of_x(
        self, ask, digits
    ):
        X, y = digits
        net = NeuralNetBinaryClassifier(Linear, module__outputs=2, verbose=0)
        with pytest.raises(ValueError, match=r"\(n,\) or \(n, 1\)") as error:
            ask(net, X, y % 2)
        assert "image" not in str(error.value)

    def test_softmax_and_cross_entropy_do_not_go_together(self, ask, digits):
        with pytest.raises(ValueError, match="Return logits"):
            ask(classifier(WithSoftmax), *digits)

    def test_the_default_criterion_of_skorch_does_not_take_logits(self, ask, digits):
        with pytest.raises(ValueError, match="CrossEntropyLoss"):
            ask(NeuralNetClassifier(MLP, verbose=0), *digits)

    def test_softmax_goes_with_the_default_criterion(self, digits):
        net = classifier(WithSoftmax, criterion=nn.NLLLoss, lr=0.01)
        assert small(net).fit(*digits).score(*digits) > 0.5

    def test_features_that_are_no_image_want_an_image_shape(self, ask, digits):
        X, y = digits
        with pytest.raises(ValueError, match="image_shape"):
            ask("cnn", X[:, :10], y)

    @pytest.mark.parametrize("shape", [(4, 4, 4), (4, 16), (4, 1, 16)])
    def test_images_that_are_not_square_want_an_image_shape(self, ask, digits, shape):
        X, y = digits
        with pytest.raises(ValueError, match=r"\(1, 8, 8\): pass image_shape="):
            ask("cnn", X.reshape(-1, *shape), y)

    def test_an_image_shape_of_another_size_is_refused(self, ask, digits):
        net = default_net("cnn", module__image_shape=(3, 8, 8))
        with pytest.raises(ValueError, match=r"64 features.*\(3, 8, 8\)"):
            ask(net, *digits)

    def test_a_module_for_images_wants_images(self, ask, digits):
        with pytest.raises(ValueError, match="channels, height, width"):
            ask(classifier(Convolution), *digits)

    def test_a_module_for_images_takes_images(self, digits):
        X, y = digits
        images = X.reshape(-1, 1, 8, 8)
        est = small(classifier(Convolution, lr=0.01)).fit(images, y)
        assert est.score(images, y) > 0.5

    @pytest.mark.parametrize("by", ["module", "default type"])
    def test_double_precision_is_named(self, ask, digits, by):
        double = {"module__dtype": torch.float64} if by == "module" else {}
        before = torch.get_default_dtype()
        if by == "default type":
            torch.set_default_dtype(torch.float64)
        try:
            with pytest.raises(ValueError, match="float32"):
                ask(classifier(Linear, **double), *digits)
        finally:
            torch.set_default_dtype(before)

    def test_stopping_on_a_validation_loss_names_the_loss_there_is(self, ask, digits):
        net = small_net(16, callbacks=[EarlyStopping()])
        with pytest.raises(ValueError, match="train_loss"):
            ask(net, *digits)

    def test_no_epochs_are_too_few(self, ask, digits):
        net = small_net(16, max_epochs=0)
        with pytest.raises(ValueError, match="max_epochs"):
            ask(net, *digits, training="restart")


class TestLossThatIsNotFinite:
    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    def test_a_huge_learning_rate_names_size_and_loss(self, ask, digits, training):
        net = default_net("mlp", optimizer=torch.optim.SGD, lr=1e20)
        with pytest.raises(
            ValueError, match=r"(nan|inf) with \d+ samples. Lower the learning rate"
        ):
            ask(net, *digits, training=training)

    def test_so_does_a_criterion_without_a_number(self, ask, digits):
        net = classifier(Linear, criterion=NotANumber)
        with pytest.raises(ValueError, match=r"nan with 20 samples.*criterion"):
            ask(net, *digits)

    def test_so_does_a_last_step_that_nothing_followed(self, ask, digits):
        # One step on the whole set: the loss was read before it.
        net = default_net("mlp", optimizer=torch.optim.SGD, lr=1e30, batch_size=1000)
        with pytest.raises(
            ValueError, match=r"(nan|inf) with \d+ samples. Lower the learning rate"
        ):
            ask(net, *digits, update_epochs=1, schedule=[1, 2])

    def test_what_was_measured_before_it_stays_readable(self, digits):
        X, y = digits
        net = small_net(16, callbacks=[Diverge(after=4)])
        est = small(net, schedule="all", tol=1e-9)
        with pytest.raises(ValueError, match="nan with 100 samples"):
            est.fit(X, y)
        assert_array_equal(est.batch_counts_, [1, 2, 3, 4])
        assert est.verdict_ in est.summary()
        assert np.isfinite(est.bound_curve_).all()
        assert np.isfinite(est.predict_proba(X)).all()


class TestWhatIsTrainedIsMeasured:
    def test_a_loss_of_the_net_itself_is_refused(self, ask, digits):
        class OwnLoss(NeuralNetClassifier):
            def get_loss(self, *args, **kwargs):
                return 2 * super().get_loss(*args, **kwargs)

        net = OwnLoss(MLP, criterion=nn.CrossEntropyLoss, verbose=0)
        with pytest.raises(ValueError, match="criterion"):
            ask(net, *digits)

    def test_a_data_set_that_changes_x_is_refused(self, ask, digits):
        class Noisy(Dataset):
            pass

        net = classifier(Linear, module__outputs=10, dataset=Noisy)
        with pytest.raises(ValueError, match="Pipeline"):
            ask(net, *digits)

    def test_an_instance_may_have_seen_the_data(self, ask, digits):
        net = classifier(Linear(outputs=10))
        with pytest.warns(UserWarning, match="pass the class"):
            ask(net, *digits)
