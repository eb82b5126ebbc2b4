"""A task as plain values, and back."""

from __future__ import annotations

from typing import Any

from sufficient.data.task import Task
from sufficient.data.tasks import Classification, MultiLabel, Regression

__all__ = ["as_task", "task_state"]


def task_state(task: Task) -> dict[str, Any]:
    """The fields of a task as plain values, for storage."""
    return {"kind": type(task).__name__, **vars(task)}


def as_task(state: dict[str, Any]) -> Task:
    """The task whose fields `task_state` returned."""
    kinds = {kind.__name__: kind for kind in (Classification, MultiLabel, Regression)}
    return kinds[state["kind"]](**{k: v for k, v in state.items() if k != "kind"})
