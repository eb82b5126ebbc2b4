"""Draw which module needs which, from their imports."""

import ast
from pathlib import Path
from statistics import mean

import networkx as nx
from matplotlib.figure import Figure

LEAVES = {"__init__", "__main__"}
SHIFT = 0.0, 0.3, -0.3  # so that a line passes between rooms rather than behind one


def room(path, package):
    """A module's name, or that of the folder that holds it."""
    return path.relative_to(package).with_suffix("").parts[0]


def needed(path, package):
    """Rooms that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            first, *rest = node.module.split(".")
            if first == package.name:
                yield from rest[:1] or (name.name for name in node.names)


def import_graph(package):
    """Edges run from what is needed to what needs it."""
    graph = nx.DiGraph()
    for path in package.rglob("*.py"):
        if path.parent == package and path.stem in LEAVES:
            continue
        here = room(path, package)
        graph.add_node(here)
        graph.add_edges_from((other, here) for other in needed(path, package))
    inside = {room(path, package) for path in package.iterdir()} - LEAVES
    graph = graph.subgraph(inside).copy()
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    return nx.transitive_reduction(graph)


def placed(graph):
    """A column for each distance from what needs nothing; neighbours stay level."""
    places = {}
    for x, rooms in enumerate(nx.topological_generations(graph)):
        level = {
            name: mean([places[other][1] for other in graph.predecessors(name)] or [0])
            for name in rooms
        }
        if x == 0:
            level = {name: graph.out_degree(name) for name in rooms}
        for y, name in enumerate(sorted(rooms, key=level.get)):
            places[name] = (x, y - (len(rooms) - 1) / 2 + SHIFT[x % len(SHIFT)])
    return places


def draw(package: Path, target: Path):
    """Write the picture: a room stands to the right of all that it needs."""
    graph = import_graph(package)
    places = placed(graph)
    figure = Figure(figsize=(14, 6), layout="constrained")
    ax = figure.subplots()
    ax.set_axis_off()
    nx.draw_networkx_edges(graph, places, ax=ax, edge_color="0.7", node_size=900)
    box = {"facecolor": "white", "edgecolor": "0.4", "boxstyle": "round"}
    nx.draw_networkx_labels(graph, places, ax=ax, font_size=8, bbox=box)
    target.parent.mkdir(exist_ok=True)
    figure.savefig(target)
