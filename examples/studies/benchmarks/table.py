"""The results as a table, on the terminal and in Markdown."""

__all__ = ["as_markdown", "as_text"]

HEAD = (
    "workload",
    "entry",
    "n",
    "CPU s",
    "wall s",
    "ratio",
    "target",
    "products",
    "max error",
    "peak MB",
)


def as_text(rows: list[dict]) -> str:
    """Columns padded with blanks."""
    cells = [HEAD, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def as_markdown(results: dict) -> str:
    """A table for the documentation, with what it was measured on below."""
    lines = [HEAD, ["---"] * len(HEAD), *map(_cells, results["rows"])]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    about = results["environment"]
    versions = ", ".join(f"{k} {v}" for k, v in about["versions"].items() if v)
    return (
        "# Benchmarks\n\nWhat they are and why: [engine.md](engine.md).\n\n"
        "![Speed relative to the fastest peer](images/benchmarks.png)\n\n"
        f"{table}\n\nOne core of {about['cpu']}, {about['date']}; Python "
        f"{about['python']}, {versions}.\n"
    )


def _cells(row):
    head = [row["workload"], row["entry"]]
    if "failure" in row:
        return [*head, *[""] * (len(HEAD) - 3), row["failure"]]
    memory = row["peak_memory"]
    return [
        *head,
        f"{row['n']}",
        f"{row['seconds']:.3g}",
        f"{row['wall_seconds']:.3g}",
        _number(row["ratio"], ".2f"),
        _number(row["target_ratio"], "g"),
        _number(row["products"], ".0f"),
        _number(row["max_relative_error"], ".0e"),
        _number(memory and memory / 1e6, ".0f"),
    ]


def _number(value, form):
    return "" if value is None else format(value, form)
