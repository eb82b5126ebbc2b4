"""A fitted estimator, or a labelling session, in a folder and back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet
from torch import nn

from sufficient.data.task_state import as_task, task_state
from sufficient.decision.answer import answer_of
from sufficient.estimator.waiting import Waiting
from sufficient.fields import n_numbers
from sufficient.growing.session import LabellingSession
from sufficient.nets import default_net
from sufficient.reproducibility.fingerprint import described_net, differences, versions
from sufficient.reproducibility.seeds import seeded
from sufficient.results import Measurement, Record, SampleSizeCurve
from sufficient.settings import Settings
from sufficient.storage.folder import StateFolder, explain_damage
from sufficient.storage.transformers import transformer_of, transformer_state
from sufficient.training.criteria import net_for
from sufficient.training.net import prepared_net
from sufficient.training.net_state import net_state, restore_net
from sufficient.training.strategies import STRATEGIES
from sufficient.typing import Net

if TYPE_CHECKING:
    from sufficient.estimator.estimator import SampleSizeEstimator

__all__ = ["SavedToFolderMixin"]

KIND = "estimator 5"
KEPT = (
    "n_features_in_",
    "feature_names_in_",
    "_input_shape",
    "_input_dtype",
    "_columns",
)
INDICES = ("train_indices_", "validation_indices_")

OTHER_WEIGHTS = (
    " A module that is an instance has to have the weights that it had before the fit: "
    "give it the same state_dict. A class needs none."
)


class SavedToFolderMixin(BaseEstimator):
    """Save what was fitted as safetensors and JSON; loading runs no code from it."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the fitted estimator, or the labelling session, in a folder.

        The folder keeps what was saved before, too, and falls back on it where the
        newest is damaged. A session is saved with its labelled samples.

        Parameters
        ----------
        path : str or path-like
            The folder; made if it is not there.

        Raises
        ------
        ValueError
            If the folder cannot be written to, or the net holds what cannot be stored.
        OSError
            If the disk is full; what was saved before is still there.
        """
        check_is_fitted(self)
        StateFolder(path).make().write(_state_of(self))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        estimator: Net = None,
        device: str | None = None,
    ) -> SampleSizeEstimator:
        """Load what `save` has written, ready to predict and for `partial_fit`.

        The files are data only: nothing in them is executed, and of an encoder only
        classes of scikit-learn and skrub are built. `checkpoint` is not restored; set
        it anew where the next fit shall write.

        Parameters
        ----------
        path : str or path-like
            The folder.
        estimator : skorch net or None, default=None
            The unfitted net, where one was given before: its class is not in the file.
        device : str or None, default=None
            Where to compute; None takes the device of before.

        Returns
        -------
        SampleSizeEstimator

        Raises
        ------
        FileNotFoundError
            If nothing was saved there.
        ValueError
            If the files are damaged or are not of a saved estimator, or `estimator` is
            not the net that was saved.

        Warns
        -----
        UserWarning
            If the newest state is damaged, so that the one before it is used.
        """
        state = StateFolder(path).newest()
        if state is None:
            raise FileNotFoundError(f"No estimator was ever saved in {path}.")
        with explain_damage(path):
            return _restored(cls, path, state, estimator, device)


def _state_of(est: SampleSizeEstimator) -> dict[str, Any]:
    session, waiting = (getattr(est, n, None) for n in ("_session", "_waiting"))
    fitted = {name: vars(est)[name] for name in KEPT if name in vars(est)}
    indices = {n: torch.as_tensor(vars(est)[n]) for n in INDICES if n in vars(est)}
    own_net = _own_net(est.estimator)
    return {
        "kind": KIND,
        "versions": versions(),
        "parameters": _parameters(est),
        "estimator": est.estimator if own_net is None else None,
        "net": None if own_net is None else described_net(own_net),
        "fitted": {**fitted, **indices},
        "encoder": _encoder_state(est),
        "session": None if session is None else session.state(),
        "waiting": None if waiting is None else waiting.state(),
        "curve": _curve_state(est.curve_) if session is None else None,
    }


def _encoder_state(est: SampleSizeEstimator) -> dict[str, Any]:
    own = est.encoder is not None and not isinstance(est.encoder, str)
    fitted = None if est.encoder_ is None else transformer_state(est.encoder_)
    return {"given": "own" if own else est.encoder, "fitted": fitted}


def _restored(
    cls: type[SampleSizeEstimator],
    path: str | os.PathLike[str],
    state: dict[str, Any],
    estimator: Net,
    device: str | None,
) -> SampleSizeEstimator:
    if state["kind"] != KIND:
        raise ValueError(_other_kind(path, str(state["kind"])))
    parameters = _with_generator(state["parameters"])
    if device is not None:
        parameters["device"] = device
    parameters.pop("checkpoint", None)
    kept = state["encoder"]
    encoder = None if kept["fitted"] is None else transformer_of(kept["fitted"])
    parameters["encoder"] = clone(encoder) if kept["given"] == "own" else kept["given"]
    est = cls(_net_given(path, state, estimator), **parameters)
    est._validate_params()
    est.__dict__.update(_fitted(state["fitted"]), encoder_=encoder)
    if state["session"] is None:
        est._publish(_curve(est, state["curve"]))
    else:
        session = LabellingSession.resumed(
            est.estimator, state["session"], est.device, encoder
        )
        est._publish(session.run.answer())
        est._session = session
        est._wait(
            None if state["waiting"] is None else Waiting.resumed(state["waiting"])
        )
    return est


def _other_kind(path: str | os.PathLike[str], kind: str) -> str:
    if kind.startswith("estimator"):
        return (
            f"{path} was saved by an earlier version of this library, which measured "
            "other things. Fit again, or load it with that version."
        )
    return (
        f"{path} holds no saved estimator but a {kind!r}. A checkpoint is read by fit, "
        "with checkpoint= and the same data."
    )


def _parameters(est: SampleSizeEstimator) -> dict[str, Any]:
    generator: Any = est.random_state
    if isinstance(generator, np.random.RandomState):
        generator = {"RandomState": generator.get_state()}
    # A path is not saved: a file from a stranger must not say where to write.
    rest = {"random_state": generator, "verbose": est.verbose}
    return {**est.plain(), **rest}


def _with_generator(parameters: dict[str, Any]) -> dict[str, Any]:
    generator = parameters["random_state"]
    if not isinstance(generator, dict):
        return dict(parameters)
    restored = np.random.RandomState()
    restored.set_state(generator["RandomState"])
    return {**parameters, "random_state": restored}


def _net_given(
    path: str | os.PathLike[str], state: dict[str, Any], estimator: Net
) -> Net:
    if state["net"] is None:
        if estimator not in (None, state["estimator"]):
            raise ValueError(
                f"The net saved in {path} is estimator={state['estimator']!r}; leave "
                "estimator= out."
            )
        return state["estimator"]
    own_net = _own_net(estimator)
    if own_net is None:
        raise ValueError(
            f"The estimator saved in {path} has a net of your own, whose class is not "
            "in the file. Pass the same unfitted net: load(path, estimator=net)."
        )
    if found := differences(state["net"], described_net(own_net)):
        raise ValueError(
            f"The net given is not the one saved in {path}: {'; '.join(found)}."
            f"{OTHER_WEIGHTS if isinstance(own_net.module, nn.Module) else ''}"
        )
    return estimator


def _own_net(estimator: Net) -> NeuralNet | None:
    """The net given, or the one that a plain module stands for."""
    if estimator is None or isinstance(estimator, str):
        return None
    return estimator if isinstance(estimator, NeuralNet) else default_net(estimator)


def _fitted(state: dict[str, Any]) -> dict[str, Any]:
    unknown = set(state) - {*KEPT, *INDICES}
    if unknown:
        raise ValueError(f"A saved estimator has no {sorted(unknown)}.")
    return {n: one.numpy() if n in INDICES else one for n, one in state.items()}


def _curve_state(curve: SampleSizeCurve) -> dict[str, Any]:
    return {
        "measurements": [vars(one) for one in curve.record.measurements],
        "net": net_state(curve.net),
        "task": task_state(curve.task),
        "batch_size": curve.batch_size,
        "n_train": curve.n_train,
    }


def _curve(est: SampleSizeEstimator, state: dict[str, Any]) -> SampleSizeCurve:
    task, settings = as_task(state["task"]), Settings.of(est)
    net = prepared_net(
        net_for(est.estimator, task),
        n_inputs=n_numbers(est._input_shape),
        n_outputs=task.n_outputs,
        device=est.device,
    )
    with seeded(0, net.device):
        net.initialize()
    return answer_of(
        Record(tuple(Measurement(**one) for one in state["measurements"])),
        settings,
        restore_net(net, state["net"]),
        task,
        batch_size=state["batch_size"],
        n_train=state["n_train"],
        is_one_net=STRATEGIES[settings.training].is_one_net,
    )
