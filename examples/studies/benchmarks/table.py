"""The results as a table, with machine and versions."""

from ..common.pages import markdown

__all__ = ["with_machine"]


def with_machine(rows: list[dict], about: dict) -> str:
    """The table, and a sentence about the machine and the versions."""
    versions = ", ".join(f"{k} {v}" for k, v in about["versions"].items() if v)
    return (
        f"{markdown([_cells(row) for row in rows])}\n\nOne core of {about['cpu']}, "
        f"{about['date']}; Python {about['python']}, {versions}."
    )


def _cells(row):
    failure, memory = row.get("failure"), row.get("peak_memory")
    return {
        "workload": row["workload"],
        "entry": row["entry"],
        "n": _number(row.get("n"), "d"),
        "CPU s": _number(row.get("seconds"), ".3g"),
        "wall s": _number(row.get("wall_seconds"), ".3g"),
        "ratio": _number(row.get("ratio"), ".2f"),
        "target": "" if failure else _number(row["target_ratio"], "g"),
        "products": _number(row.get("products"), ".0f"),
        "max error": _number(row.get("max_relative_error"), ".0e"),
        "peak MB": failure or _number(memory and memory / 1e6, ".0f"),
    }


def _number(value, form):
    return "" if value is None else format(value, form)
