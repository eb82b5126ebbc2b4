"""Draw which stage of the package uses which, from their imports."""

import ast
from pathlib import Path
from textwrap import fill

import networkx as nx
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

BOX = {"facecolor": "#eef3f8", "edgecolor": "#7a8ca0"}
SMALL = {"ha": "center", "va": "center", "size": 7.5, "color": "0.3"}
ARROW = {"arrowstyle": "-|>", "color": "0.5", "linewidth": 1.5}


def is_stage(path):
    """Whether a path in the package is a folder of modules."""
    return path.is_dir() and (path / "__init__.py").exists()


def used(path, package):
    """Stages that the modules of a stage import from."""
    for file in path.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                first, *rest = node.module.split(".")
                if first == package.name and rest:
                    yield rest[0]


def import_graph(package):
    """Edges run from a stage to those that use it, without what follows from others."""
    stages = {path.name: path for path in package.iterdir() if is_stage(path)}
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(stages))
    for name, path in stages.items():
        others = set(used(path, package)) & stages.keys() - {name}
        graph.add_edges_from((other, name) for other in others)
    return nx.transitive_reduction(graph)


def draw(package: Path, target: Path):
    """Write the picture: a row of boxes for each distance from what uses nothing."""
    graph = import_graph(package)
    rows = [sorted(row) for row in nx.topological_generations(graph)]
    figure = Figure(figsize=(8, 0.85 * len(rows)), layout="constrained")
    ax = figure.subplots()
    ax.set(xlim=(-2.2, 2), ylim=(len(rows) - 0.5, -0.5))
    ax.set_axis_off()
    for y, row in enumerate(rows):
        for place, name in enumerate(row):
            x = place - (len(row) - 1) / 2
            ax.add_patch(Rectangle((x - 0.47, y - 0.38), 0.94, 0.76, **BOX))
            ax.text(x, y - 0.16, name, ha="center", va="center", weight="bold")
            ax.text(x, y + 0.16, _uses(graph, name), **SMALL)
    ax.annotate("", (-2.1, len(rows) - 0.7), (-2.1, -0.4), arrowprops=ARROW)
    target.parent.mkdir(exist_ok=True)
    figure.savefig(target)


def _uses(graph, name):
    others = sorted(graph.predecessors(name))
    return fill(f"uses {', '.join(others)}", 26) if others else ""
