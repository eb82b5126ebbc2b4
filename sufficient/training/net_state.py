"""What training changes in a skorch net."""

from __future__ import annotations

from typing import Any

from skorch import NeuralNet, callbacks
from skorch.history import History

__all__ = ["callbacks_with_memory", "net_state", "restore_net"]

# These start from the history whenever training goes on.
FORGETFUL = (
    callbacks.Checkpoint,
    callbacks.EarlyStopping,
    callbacks.EpochScoring,
    callbacks.EpochTimer,
    callbacks.GradientNormClipping,
    callbacks.LRScheduler,
    callbacks.PassthroughScoring,
    callbacks.PrintLog,
    callbacks.ProgressBar,
)


def net_state(net: NeuralNet) -> dict[str, Any]:
    """Weights, buffers, optimiser state and history of an initialised net."""
    modules, optimizers = _parts(net)
    return {
        "modules": {name: dict(part.state_dict()) for name, part in modules.items()},
        "optimizers": {name: part.state_dict() for name, part in optimizers.items()},
        "history": net.history.to_list(),
    }


def restore_net(net: NeuralNet, state: dict[str, Any]) -> NeuralNet:
    """Put an initialised net of the same architecture into this state."""
    modules, optimizers = _parts(net)
    for name, part in modules.items():
        part.load_state_dict(state["modules"][name])
    for name, part in optimizers.items():
        part.load_state_dict(state["optimizers"][name])
    net.history = History(state["history"])
    return net


def callbacks_with_memory(net: NeuralNet) -> list[str]:
    """Names of callbacks that may remember what `net_state` does not hold."""
    return [name for name, one in net.callbacks_ if not isinstance(one, FORGETFUL)]


def _parts(net):
    return tuple(
        {name: getattr(net, name) for name in names}
        for names in (
            [f"{name}_" for name in (*net._modules, *net._criteria)],
            [f"{name}_" for name in net._optimizers],
        )
    )
