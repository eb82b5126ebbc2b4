"""Ten small nets of the kinds that people train, and made data for each."""

from dataclasses import dataclass, field
from importlib.util import find_spec

import numpy as np
import torch
from sklearn.datasets import make_classification, make_friedman1
from torch import nn

from sufficient.nets import default_net

__all__ = ["CASES", "Case", "resnet18", "resnet18_is_there"]

N_TOKENS, LENGTH, PADDING = 40, 12, 0


class NormedMLP(nn.Sequential):
    """Two hidden layers with batch normalisation and dropout."""

    def __init__(self, n_inputs, n_outputs, width=32):
        super().__init__(
            nn.Linear(n_inputs, width),
            nn.BatchNorm1d(width),
            nn.GELU(),
            nn.Dropout(0.2),
            nn.Linear(width, width),
            nn.BatchNorm1d(width),
            nn.GELU(),
            nn.Linear(width, n_outputs),
        )


class ResidualCNN(nn.Module):
    """Two residual blocks of convolutions on grey images of 8 x 8."""

    def __init__(self, n_outputs, channels=8):
        super().__init__()
        self.stem = nn.Conv2d(1, channels, 3, padding=1)
        self.blocks = nn.ModuleList(self._block(channels) for _ in range(2))
        self.head = nn.Linear(channels, n_outputs)

    def forward(self, X):
        """Logits."""
        h = self.stem(X)
        for block in self.blocks:
            h = torch.nn.functional.gelu(h + block(h))
        return self.head(h.mean((2, 3)))

    def _block(self, channels):
        return nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.GELU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
        )


class Recurrent(nn.Module):
    """An embedding, a recurrent layer and a linear head."""

    kind = nn.GRU

    def __init__(self, n_outputs, width=16):
        super().__init__()
        self.embedding = nn.Embedding(N_TOKENS, width, padding_idx=PADDING)
        self.recurrent = self.kind(width, width, batch_first=True)
        self.head = nn.Linear(width, n_outputs)

    def forward(self, X):
        """Logits."""
        states, _ = self.recurrent(self.embedding(X))
        return self.head(states[:, -1])


class LongMemory(Recurrent):
    """The same with an LSTM."""

    kind = nn.LSTM


class Block(nn.Module):
    """Attention and a feed-forward part, each with layer normalisation before it."""

    def __init__(self, width, n_heads=2):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = nn.MultiheadAttention(width, n_heads, batch_first=True)
        self.dense = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, h, is_padding):
        """States of the same shape."""
        normed = self.norms[0](h)
        attended, _ = self.attention(
            normed, normed, normed, key_padding_mask=is_padding, need_weights=False
        )
        h = h + attended
        return h + self.dense(self.norms[1](h))


class Transformer(nn.Module):
    """Two blocks on tokens, which leave padding out."""

    def __init__(self, n_outputs, width=16):
        super().__init__()
        self.embedding = nn.Embedding(N_TOKENS, width, padding_idx=PADDING)
        self.blocks = nn.ModuleList(Block(width) for _ in range(2))
        self.head = nn.Linear(width, n_outputs)

    def forward(self, X):
        """Logits."""
        is_padding = X == PADDING
        h = self.embedding(X)
        for block in self.blocks:
            h = block(h, is_padding)
        kept = (~is_padding).unsqueeze(2)
        return self.head((h * kept).sum(1) / kept.sum(1))


class VisionTransformer(nn.Module):
    """Patches of 2 x 2 pixels, an encoder, and a head on the class token."""

    def __init__(self, n_outputs, width=16):
        super().__init__()
        self.patches = nn.Conv2d(1, width, 2, stride=2)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.randn(1, 17, width) / 10)
        self.encoder = nn.TransformerEncoderLayer(
            width, 2, 2 * width, activation="gelu", batch_first=True
        )
        self.head = nn.Linear(width, n_outputs)

    def forward(self, X):
        """Logits."""
        h = self.patches(X).flatten(2).transpose(1, 2)
        h = torch.cat([self.token.expand(len(h), -1, -1), h], dim=1)
        return self.head(self.encoder(h + self.places)[:, 0])


class LowRank(nn.Module):
    """A linear layer with an adapter of low rank beside it."""

    def __init__(self, layer, rank=2):
        super().__init__()
        self.layer = layer
        self.lora_a = nn.Parameter(torch.randn(rank, layer.in_features) / 10)
        self.lora_b = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, X):
        """What the layer gives, and what the adapter adds."""
        return self.layer(X) + X @ self.lora_a.T @ self.lora_b.T


class AdaptedTransformer(Transformer):
    """The transformer with adapters in its feed-forward layers."""

    def __init__(self, n_outputs, width=16):
        super().__init__(n_outputs, width)
        for block in self.blocks:
            for place in (0, 2):
                block.dense[place] = LowRank(block.dense[place])


class SeveralInputs(nn.Module):
    """Tokens and numbers side by side."""

    def __init__(self, n_outputs, width=16):
        super().__init__()
        self.embedding = nn.Embedding(N_TOKENS, width)
        self.numbers = nn.Linear(4, width)
        self.head = nn.Sequential(
            nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, n_outputs)
        )

    def forward(self, tokens, numbers):
        """Logits."""
        inputs = [self.embedding(tokens).mean(1), self.numbers(numbers)]
        return self.head(torch.cat(inputs, dim=1))


class Plain(nn.Sequential):
    """A regression net of hyperbolic tangents."""

    def __init__(self, n_inputs, n_outputs):
        super().__init__(nn.Linear(n_inputs, 16), nn.Tanh(), nn.Linear(16, n_outputs))


def table(n):
    """Two classes of 10 numbers."""
    X, y = make_classification(n, 10, n_informative=6, random_state=0)
    return X.astype(np.float32), y


def tokens(n):
    """Sequences of ids, padded at the front; the class is which id is frequent."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(1, N_TOKENS, (n, LENGTH)), rng.integers(2, size=n)
    X[np.arange(n), rng.integers(LENGTH // 2, LENGTH, n)] = 1 + y
    X[np.arange(LENGTH) < rng.integers(0, LENGTH // 2, (n, 1))] = PADDING
    return X, y


def images(n):
    """Bright dots in one of four corners, with noise."""
    rng = np.random.default_rng(0)
    y = rng.integers(4, size=n)
    X = rng.standard_normal((n, 1, 8, 8)).astype(np.float32)
    X[np.arange(n), 0, 1 + 4 * (y // 2), 1 + 4 * (y % 2)] += 4
    return X, y


def tokens_and_numbers(n):
    """A dict with an input for each of the arguments of `forward`."""
    X, y = tokens(n)
    numbers = np.random.default_rng(1).standard_normal((n, 4))
    numbers[:, 0] += y
    return {"tokens": X, "numbers": numbers}, y


def quantities(n):
    """Friedman's first regression problem."""
    X, y = make_friedman1(n, random_state=0)
    return X.astype(np.float32), y


def large_images(n):
    """Images of 32 x 32 in three colours."""
    X, y = images(n)
    return np.tile(X, (1, 3, 4, 4)), y


def resnet18(n_outputs):
    """The ResNet-18 of timm, or that of torchvision."""
    if find_spec("timm"):
        import timm

        return timm.create_model("resnet18", num_classes=n_outputs)
    from torchvision.models import resnet18 as of_torchvision

    return of_torchvision(num_classes=n_outputs)


def resnet18_is_there():
    """Whether timm or torchvision is installed."""
    return bool(find_spec("timm") or find_spec("torchvision"))


@dataclass(frozen=True)
class Case:
    """A net, its data, and what of it is trained."""

    module: object
    data: object
    parameters: dict = field(default_factory=dict)


CASES = {
    "MLP with batch normalisation": Case(NormedMLP, table),
    "residual CNN": Case(ResidualCNN, images),
    "GRU": Case(Recurrent, tokens),
    "LSTM": Case(LongMemory, tokens),
    "Transformer": Case(Transformer, tokens),
    "vision transformer": Case(VisionTransformer, images),
    "LoRA adapters": Case(
        AdaptedTransformer, tokens, {"parameters": ["*lora_*", "head.*"]}
    ),
    "several inputs": Case(SeveralInputs, tokens_and_numbers),
    "plain regression": Case(Plain, quantities),
    "ResNet-18": Case(default_net(resnet18), large_images),
}
