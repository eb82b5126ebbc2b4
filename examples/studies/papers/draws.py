"""Random numbers with a fixed seed."""

import torch

__all__ = ["standard_normal"]


def standard_normal(n_rows: int, n_columns: int, seed: int = 0) -> torch.Tensor:
    """Standard normal numbers, of shape (n_rows, n_columns)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_rows, n_columns, generator=generator)
