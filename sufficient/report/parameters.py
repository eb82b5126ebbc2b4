"""What was asked of which data and net, by which packages, and how to ask again."""

from __future__ import annotations

import inspect
import platform
from collections.abc import Iterator
from dataclasses import fields
from numbers import Number
from typing import Any

import numpy as np
import sklearn
import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet

from sufficient._version import __version__
from sufficient.report.markup import (
    CUT,
    paragraph,
    preformatted,
    shortened,
    table,
    terms,
)
from sufficient.report.numbers import count

__all__ = ["data_of", "reproduction_of", "settings_of", "versions_of"]

MOST_NAMES = 50
MOST_CODE = 20_000
MOST_IN_LINE = 55
# Where a fit keeps its state and what it prints do not change the answer.
WITHOUT_EFFECT = {"checkpoint", "verbose"}
FITTED = "est.fit(X, y)"
LABELLED = """\
for X_batch, y_batch in batches:
    est.partial_fit(X_batch, y_batch)"""


def settings_of(estimator: BaseEstimator) -> str:
    """A table of the parameters, with those that are not the default first."""
    known = _with_effect(estimator)
    changed = {each.name for each in known if _is_changed(estimator, each)}
    known.sort(key=lambda each: each.name not in changed)
    rows = [
        [
            each.name,
            shown(getattr(estimator, each.name)),
            shown(each.default),
            each.metadata["meaning"],
        ]
        for each in known
    ]
    head = ["Parameter", "Value", "Default", "Meaning"]
    listed = table("Parameters", head, rows, style="settings", marked=len(changed))
    return f"{paragraph(_on_changed(len(changed)))}\n{listed}"


def _on_changed(n: int) -> str:
    if not n:
        return "Every parameter has its default."
    return "In bold, and first: what differs from the default."


def shown(value: Any) -> str:
    """A parameter as a short text that is the same on every machine.

    Examples
    --------
    >>> shown(0.5), shown("auto"), shown([2, 4]), shown(shown)
    ('0.5', "'auto'", '[2, 4]', 'shown')
    """
    if isinstance(value, NeuralNet):
        module = getattr(value.module, "__name__", type(value.module).__name__)
        return f"{type(value).__name__} of {module}"
    if isinstance(value, np.random.RandomState):
        return "a RandomState"
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if inspect.isroutine(value) or inspect.isclass(value):
        return shortened(value.__qualname__)
    if isinstance(value, (Number, str, list, tuple, range, type(None))):
        return shortened(repr(value))
    return f"a {type(value).__name__}"


def data_of(estimator: BaseEstimator) -> str:
    """The samples, the names of features and classes, and the net."""
    pairs = [(term, said) for term, said in _data(estimator) if said]
    net = shortened(str(estimator.estimator_.module_), MOST_CODE)
    return (
        f"{terms(pairs)}\n<details>\n<summary>Layers of the net</summary>\n"
        f"{preformatted(net)}\n</details>"
    )


def _data(estimator: BaseEstimator) -> Iterator[tuple[str, str]]:
    last = estimator.curve_.record.last.columns
    yield "Samples for training", count(estimator.n_train_)
    yield "Samples held out", count(last["n_held_out"])
    yield "Features", count(estimator.n_features_in_)
    yield "Names of features", _listed(getattr(estimator, "feature_names_in_", ()))
    task = estimator.curve_.task
    yield task.counted.capitalize(), count(task.n_outputs)
    yield f"Names of {task.counted}", _listed(getattr(estimator, "classes_", ()))
    yield "Net", type(estimator.estimator_.module_).__name__


def _listed(names: Any) -> str:
    first = ", ".join(shortened(str(name)) for name in names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return f"{first} and {count(more)} more" if more > 0 else first


def versions_of() -> str:
    """A table of the versions on which the numbers depend."""
    rows = [
        ["sufficient", __version__],
        ["torch", torch.__version__],
        ["scikit-learn", sklearn.__version__],
        ["numpy", np.__version__],
        ["Python", platform.python_version()],
    ]
    return table("Packages", ["Package", "Version"], rows)


def reproduction_of(estimator: BaseEstimator, command: str | None = None) -> str:
    """Code that asks the question again, and what it takes to get the same numbers."""
    notes = " ".join(_notes(estimator, command))
    return f"{preformatted(command or _code(estimator))}\n{paragraph(notes)}"


def _code(estimator: BaseEstimator) -> str:
    given = [
        _argument(each.name, getattr(estimator, each.name))
        for each in _with_effect(estimator)
        if _is_changed(estimator, each)
    ]
    return f"""\
from sufficient import SampleSizeEstimator

est = SampleSizeEstimator({_arguments(given)})
{FITTED if hasattr(estimator, "train_indices_") else LABELLED}
est.report("report.html")"""


def _arguments(given: list[str]) -> str:
    line = ", ".join(given)
    lines = "".join(f"    {each},\n" for each in given)
    return line if len(line) <= MOST_IN_LINE else f"\n{lines}"


def _argument(name: str, value: Any) -> str:
    if name == "estimator":
        return repr(value) if isinstance(value, str) else "net"
    is_plain = isinstance(value, (Number, str, list, tuple, range, np.ndarray))
    fits = is_plain and not shown(value).endswith(CUT)
    return f"{name}={shown(value) if fits else name}"


def _notes(estimator: BaseEstimator, command: str | None) -> Iterator[str]:
    if command is None:
        yield (
            "X and y are the samples and their targets; give sample_weight, groups, "
            "X_val, y_val, sample_weight_val and X_unlabelled again where they were "
            "given."
        )
        if isinstance(estimator.estimator, NeuralNet):
            yield f"net is the {shown(estimator.estimator)} that was given."
    if not isinstance(estimator.random_state, Number):
        yield (
            "random_state was no whole number, so that another run draws other numbers "
            "and its answer differs a little."
        )
    yield "The last digits depend on the versions above and on the machine."


def _with_effect(estimator: BaseEstimator) -> list[Any]:
    known = [each for each in fields(estimator) if each.name not in WITHOUT_EFFECT]
    # As in the signature, where the net is the only one that goes without its name.
    return sorted(known, key=lambda each: each.kw_only)


def _is_changed(estimator: BaseEstimator, each: Any) -> bool:
    value = getattr(estimator, each.name)
    if isinstance(value, (Number, str)):
        return bool(value != each.default)
    return value is not each.default
