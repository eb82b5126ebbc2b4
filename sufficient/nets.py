"""Two simple networks to start from, and the skorch nets that train them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import isqrt, prod
from typing import Any

import torch
from skorch import NeuralNetClassifier, NeuralNetRegressor
from torch import nn

from sufficient.inputs import Images, Standardise

__all__ = ["DEFAULT_MODULES", "MLP", "ConvNet", "default_net"]


class MLP(nn.Module):
    """Fully connected ReLU network that returns logits (or regression outputs).

    Parameters
    ----------
    n_inputs : int
        Features of one sample; images are flattened.
    n_outputs : int
        Classes, or regression targets.
    hidden_sizes : sequence of int, default=(128, 64)
        Width of each hidden layer; empty for a linear model.
    bias : bool, default=True
        Whether the linear layers have biases.
    standardise : bool, default=False
        Whether a fit standardises every feature inside the network, by the mean and the
        standard deviation that it has in the training part.

    Examples
    --------
    >>> import torch
    >>> from sufficient import MLP
    >>> MLP(4, 3, hidden_sizes=(8,))(torch.zeros(2, 4)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        hidden_sizes: Sequence[int] = (128, 64),
        bias: bool = True,
        standardise: bool = False,
    ) -> None:
        sizes = [n_inputs, *hidden_sizes, n_outputs]
        layers: list[nn.Module] = [nn.Flatten()]
        for width_in, width_out in pairwise(sizes):
            layers += [nn.Linear(width_in, width_out, bias=bias), nn.ReLU()]
        super().__init__()
        self.inputs = Standardise(n_inputs) if standardise else nn.Identity()
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Logits of shape (n, n_outputs) for rows of shape (n, n_inputs)."""
        return self.layers(self.inputs(X))


class ConvNet(nn.Module):
    """Small convolutional ReLU network on images of one or more channels.

    Two 3 x 3 convolutions, each followed by 2 x 2 max-pooling, then one hidden layer.
    Images may be flat rows, the channels one after another, or have the channels first
    or last.

    Parameters
    ----------
    n_inputs : int
        Features of one sample: channels x height x width.
    n_outputs : int
        Classes, or regression targets.
    image_shape : tuple of (int, int, int) or None, default=None
        Channels, height, width. None guesses a square image of one or three channels.
    channels : sequence of two int, default=(8, 16)
        Filters of the two convolutions.
    hidden_size : int, default=64
        Width of the hidden layer.
    bias : bool, default=True
        Whether the layers have biases.
    standardise : bool, default=False
        Whether a fit standardises every channel inside the network, by the mean and the
        standard deviation that its pixels have in the training part.

    Raises
    ------
    ValueError
        If the features, or the samples, cannot be images of the given shape.

    Examples
    --------
    >>> import torch
    >>> from sufficient import ConvNet
    >>> ConvNet(64, 10)(torch.zeros(2, 64)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        image_shape: tuple[int, int, int] | None = None,
        channels: Sequence[int] = (8, 16),
        hidden_size: int = 64,
        bias: bool = True,
        standardise: bool = False,
    ) -> None:
        super().__init__()
        self.image_shape = _checked_image_shape(n_inputs, image_shape)
        depth, height, width = self.image_shape
        first, second = channels
        self.inputs = nn.Sequential(
            Images(self.image_shape),
            Standardise(depth) if standardise else nn.Identity(),
        )
        self.features = nn.Sequential(
            nn.Conv2d(depth, first, 3, padding=1, bias=bias),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 3, padding=1, bias=bias),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.head = nn.Sequential(
            nn.Linear(second * (height // 4) * (width // 4), hidden_size, bias=bias),
            nn.ReLU(),
            nn.Linear(hidden_size, n_outputs, bias=bias),
        )

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Logits of shape (n, n_outputs) for n images."""
        return self.head(self.features(self.inputs(X)))


DEFAULT_MODULES = {"mlp": MLP, "cnn": ConvNet}


def default_net(
    name: str | nn.Module | Callable[..., nn.Module] = "mlp",
    *,
    regression: bool = False,
    **params: Any,
) -> NeuralNetClassifier | NeuralNetRegressor:
    """The skorch net that ``estimator="mlp"``, "cnn" or a module of yours stands for.

    It is trained by Adam with learning rate 1e-3, for 20 epochs on minibatches of 64.
    A fit standardises the inputs of "mlp" by the columns, those of "cnn" by the
    channels of the training part (of the first batch in a labelling session), and
    leaves those of other modules alone.

    Parameters
    ----------
    name : {"mlp", "cnn"}, module, class or function, default="mlp"
        `MLP` with two hidden layers, `ConvNet`, or what makes a module of your own. It
        returns logits for classes; its parameters `n_inputs` and `n_outputs`, if it has
        such, are set from the data.
    regression : bool, default=False
        Squared error instead of cross-entropy.
    **params
        Parameters of the skorch net that replace the defaults, such as ``lr`` or
        ``module__hidden_sizes``.

    Returns
    -------
    skorch.NeuralNetClassifier or skorch.NeuralNetRegressor

    Examples
    --------
    >>> from sufficient.nets import default_net
    >>> net = default_net("mlp", module__hidden_sizes=(32,), lr=0.01)
    >>> net.get_params()["module__hidden_sizes"]
    (32,)
    """
    kind, criterion = (
        (NeuralNetRegressor, nn.MSELoss)
        if regression
        else (NeuralNetClassifier, nn.CrossEntropyLoss)
    )
    settings = {
        "criterion": criterion,
        "optimizer": torch.optim.Adam,
        "lr": 1e-3,
        "batch_size": 64,
        "max_epochs": 20,
        "train_split": None,
        "iterator_train__shuffle": True,
        "verbose": 0,
    }
    if not isinstance(name, str):
        return kind(name, **{**settings, **params})
    settings["module__standardise"] = True
    return kind(DEFAULT_MODULES[name], **{**settings, **params})


def _checked_image_shape(
    n_inputs: int, image_shape: tuple[int, int, int] | None
) -> tuple[int, int, int]:
    shape = tuple(image_shape) if image_shape is not None else _square(n_inputs)
    if shape is None or prod(shape) != n_inputs or len(shape) != 3:
        raise ValueError(
            f"ConvNet was given {n_inputs} features, which are not an image of shape "
            f"{shape or '(1 or 3 channels, square)'}. Pass image_shape=(channels, "
            "height, width) whose product is the number of features, or use an MLP."
        )
    if min(shape[1:]) < 4:
        raise ValueError(f"ConvNet needs images of at least 4 x 4 pixels, got {shape}.")
    return shape


def _square(n_inputs: int) -> tuple[int, int, int] | None:
    for depth in (1, 3):
        side = isqrt(n_inputs // depth)
        if depth * side * side == n_inputs and side >= 4:
            return depth, side, side
    return None
