"""What the default networks do to their inputs before the first weights."""

from __future__ import annotations

from math import prod

import torch
from sklearn.preprocessing import StandardScaler
from sklearn.utils import gen_batches
from torch import Tensor, nn

from sufficient.typing import Rows

__all__ = ["FARTHEST", "Images", "Standardise"]

# Standard deviations from the mean. A net's answer to a value far outside can be
# anything, and a column that is nearly constant would make its training long.
FARTHEST = 10.0

CHUNK = 2048


class Standardise(nn.Module):
    """Subtract the mean of every column, and divide by its standard deviation.

    Values more than ten standard deviations from the mean are moved to there. What is
    subtracted and the factor that follows are buffers: they are stored with the weights
    and are not trained. Until `fit` they are 0 and 1.

    Parameters
    ----------
    n_columns : int
        Features of a sample that is a flat row, or channels of one that is an image.

    Examples
    --------
    >>> import torch
    >>> from sufficient.inputs import Standardise
    >>> layer, X = Standardise(2), torch.tensor([[1.0, 500.0], [3.0, 900.0]])
    >>> layer.fit(X)
    >>> layer(X).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """

    mean: Tensor
    factor: Tensor

    def __init__(self, n_columns: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_columns, 1))
        self.register_buffer("factor", torch.ones(n_columns, 1))

    def fit(self, X: Rows) -> None:
        """Take means and standard deviations from samples of shape (n, ...).

        The factor of a constant column is 0: nothing can be learnt about other values.
        """
        found = StandardScaler()
        # The same parts whether the samples are in memory or not, for the same numbers.
        for part in gen_batches(len(X), CHUNK):
            columns = self._columns(X[part]).transpose(1, 2).flatten(0, 1)
            found.partial_fit(columns.cpu().numpy())
        # The scale that scikit-learn gives to a constant column is 1.
        varies = (found.scale_ != 1) | (found.var_ > 0.5)
        self.mean.copy_(torch.from_numpy(found.mean_)[:, None])
        self.factor.copy_(torch.from_numpy(varies / found.scale_)[:, None])

    def forward(self, X: Tensor) -> Tensor:
        """The same samples with standardised columns."""
        columns = (self._columns(X) - self.mean) * self.factor
        return columns.clamp(-FARTHEST, FARTHEST).reshape(X.shape)

    def _columns(self, X):
        return X.reshape(len(X), len(self.mean), -1)


class Images(nn.Module):
    """Samples as images with the channels first.

    Parameters
    ----------
    shape : tuple of (int, int, int)
        Channels, height, width.

    Examples
    --------
    >>> import torch
    >>> from sufficient.inputs import Images
    >>> Images((3, 8, 8))(torch.zeros(2, 8, 8, 3)).shape
    torch.Size([2, 3, 8, 8])
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, X: Tensor) -> Tensor:
        """Images of flat rows, of images without an axis of channels, or as they are.

        Raises
        ------
        ValueError
            If the samples have another shape.
        """
        given, (depth, height, width) = tuple(X.shape[1:]), self.shape
        if given == (height, width, depth) != self.shape:
            return X.permute(0, 3, 1, 2)
        alone = [(height, width)] if depth == 1 else []
        if given not in (self.shape, (prod(self.shape),), *alone):
            raise ValueError(
                f"samples have the shape {given}, but the network takes images of "
                f"shape {self.shape}: pass image_shape=(channels, height, width)"
            )
        return X.reshape(-1, *self.shape)
