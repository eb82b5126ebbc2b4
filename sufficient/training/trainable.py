"""Which of a module's parameters are trained, and so span the landscape."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from torch import nn

__all__ = ["freeze"]

MOST_NAMES = 8


def freeze(module: nn.Module, patterns: str | Sequence[str] | None) -> None:
    """Leave only the parameters trainable whose names match one of the patterns.

    Parameters
    ----------
    module : nn.Module
        Changed in place. What is frozen already stays so.
    patterns : str, sequence of str or None
        As in a shell: ``head.*``, ``*lora*``. None changes nothing.

    Raises
    ------
    ValueError
        If a pattern matches no name.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    >>> freeze(net, "1.*")
    >>> [name for name, each in net.named_parameters() if each.requires_grad]
    ['1.weight', '1.bias']
    """
    if patterns is None:
        return
    wanted = [patterns] if isinstance(patterns, str) else list(patterns)
    named = dict(module.named_parameters())
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in named):
            raise ValueError(
                f"parameters={pattern!r} matches none of the module's {len(named)} "
                f"parameters: {', '.join([*named][:MOST_NAMES])}"
                f"{', ...' if len(named) > MOST_NAMES else ''}."
            )
    for name, parameter in named.items():
        if not any(fnmatchcase(name, pattern) for pattern in wanted):
            parameter.requires_grad_(False)
