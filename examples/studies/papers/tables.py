"""The tables of the documentation page."""

from functools import partial

import numpy as np

from ..common.pages import markdown
from .curves import DEAD
from .settings import LETTER
from .thresholds import PRINTED

__all__ = ["tables"]


def tables(parts: dict) -> dict[str, str]:
    """Tables for all parts that have been measured, and a table of their times."""
    return {
        name: markdown(make(parts[part]))
        for name, (part, make) in TABLES.items()
        if part in parts
    } | {"time": markdown(_times(parts))}


def _number(value, digits=3):
    """A number with three significant digits, without exponent below one million."""
    text = f"{value:.{digits}g}"
    if "e+" in text and abs(value) < 1e6:
        return f"{value:,.0f}"
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else text


def _range(values, form="{:.2f}"):
    low, high = (form.format(bound) for bound in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _features(part):
    return [
        {
            "data": row["data"],
            "features": row["n_features"]["features"],
            "probe on pixels": f"{row['accuracy']['pixels']:.3f}",
            "probe on features": f"{row['accuracy']['features']:.3f}",
        }
        for row in part["rows"]
    ]


SLOPES = {
    "slope": "slope",
    "slope_smoothed": "after the average",
    "slope_smoothed_late": "after it, late k",
}


def _slopes(part):
    names = dict.fromkeys((row["data"], row["input"]) for row in part["rows"])
    return [_slope_row(part, *name) for name in names]


def _slope_row(part, data, kind):
    rows = [r for r in part["rows"] if (r["data"], r["input"]) == (data, kind)]
    networks = [(row, seed) for row in rows for seed in range(len(row["height"]))]
    alive = [(row, seed) for row, seed in networks if row["height"][seed] > DEAD]
    ratios = [row["height"][seed] / row["deviation"][seed] for row, seed in alive]
    return {
        "data": data,
        "input": kind,
        "networks": f"{len(alive)} of {len(networks)}",
        **{
            title: _range([row[name][seed] for row, seed in alive])
            for name, title in SLOPES.items()
        },
        "height / deviation": _range(ratios, "{:.3f}"),
    }


def _orders(part):
    return [
        {
            "data": order["data"],
            "input": order["input"],
            "along": LETTER[order["axis"]],
            "heights": ", ".join(_number(height) for height in order["heights"]),
            "tau": f"{order['tau_median']:+.1f}",
            "tau of a seed": _range(order["tau_seeds"], "{:+.1f}"),
            "seeds as claimed": f"{order['n_as_claimed']} of {len(order['tau_seeds'])}",
            "constant": sum(order["n_dead"]),
            "tau with the loss": f"{order['tau_loss']:+.2f}",
        }
        for order in part["orders"]
    ]


def _norms(part):
    return [
        {
            "h": row["hidden"],
            "L": row["layers"],
            "norm of G": _number(np.median(row["norm"])),
            "over seeds": f"{_number(min(row['norm']))} to {_number(max(row['norm']))}",
            "M": _number(np.median(row["largest_weight"])),
            "hM": _number(np.median(row["h_times_m"])),
            "Theorem 1, printed": _number(np.median(row["printed"]), 2),
        }
        for row in part["rows"]
    ]


def _distances(part):
    kinds = {kind: part["heights"][kind] for kind in ("leading", "random")}
    return [
        {
            "R": radius,
            **{
                f"{kind} (over R = 0)": f"{_number(heights[i])} "
                f"({_number(heights[i] / heights[0])})"
                for kind, heights in kinds.items()
            },
        }
        for i, radius in enumerate(part["radii"])
    ]


CURVES = {"delta": "Δ", "projected": "(3)", "eigenvalue": "(2)"}


def _rates(part):
    return [
        {
            "data": run["data"],
            "seed": run["seed"],
            **{
                f"rate of {title}": _two(run["rates"][name])
                for name, title in CURVES.items()
            },
            "Δ k², last / first": _number(_flatness(run["curves"])),
            "rate of the λ": _range(run["eigenvalue_rates"]),
        }
        for run in part["runs"]
    ]


def _two(rates):
    """Rate over all sizes, and over the later half in brackets."""
    return f"{rates[0]:.2f} ({rates[1]:.2f})"


def _flatness(curves):
    """Last over first value of Delta k²; 1 if Delta falls as 1/k²."""
    k, delta = np.array(curves["batch_count"]), np.array(curves["delta"])
    flat = delta * k**2
    return flat[-1] / flat[0]


def _formulas(part):
    return [
        {
            "data": run["data"],
            "seed": run["seed"],
            "(2) / Δ": _number(run["formula_ratio"]),
            "(2) below Δ": f"{run['formula_below']['delta']:.0%}",
            "(2) below (1)": f"{run['formula_below']['one_batch']:.0%}",
            **{
                f"k\\* by {title}": _count(run["k_star"][name])
                for name, title in CURVES.items()
            },
            "plateau": _count(run["plateau"]),
        }
        for run in part["runs"]
    ]


def _count(found):
    """Number of batches, in brackets if it lies beyond the data, a dash if unknown."""
    if found["batches"] is None:
        return "-"
    return f"{found['batches']}" if found["reached"] else f"({found['batches']})"


def _threshold_row(about, fits):
    batches, loss, seconds = PRINTED.get((fits[0]["data"], fits[0]["net"]), "---")
    return {
        **about,
        "k\\* (paper)": batches,
        **{
            f"k\\* by {title}": _counts([fit["k_star"][name] for fit in fits])
            for name, title in CURVES.items()
        },
        "paper's rule": _of_those_reached([fit["first_below"] for fit in fits]),
        "loss (paper)": loss,
        "loss": _spread([fit["loss"] for fit in fits], "{:.3f}"),
        "accuracy": _spread([fit["score"] for fit in fits], "{:.3f}"),
        "s (paper)": seconds,
        "CPU s": f"{np.median([fit['cpu_seconds'] for fit in fits]):.0f}",
    }


def _convergence_row(about, fits):
    return {
        **about,
        "rate of Δ": _spread([fit["rate"][0] for fit in fits], "{:.2f}"),
        "later half": _spread([fit["rate"][1] for fit in fits], "{:.2f}"),
        "(2) / Δ": _range([fit["formula_ratio"] for fit in fits], "{:.3g}"),
        "(2) below Δ": _mean_share(fits, "delta"),
        "(2) below (1)": _mean_share(fits, "one_batch"),
        "gradient norm": _range([fit["gradient_norm"] for fit in fits], "{:.1g}"),
    }


def _rows_by(row_of, part):
    """A row for each data set, network and training, made of its fits."""
    rows = {}
    for fit in part["fits"]:
        row = f"{fit['data']} / {fit['net']}", fit["training"]
        rows.setdefault(row, []).append(fit)
    return [
        row_of({"pair": pair, "training": training, "seeds": len(fits)}, fits)
        for (pair, training), fits in rows.items()
    ]


def _mean_share(fits, name):
    return f"{np.mean([fit['formula_below'][name] for fit in fits]):.0%}"


def _counts(found):
    """Mean number of batches, in brackets if one lies beyond the data."""
    text = _of_those_reached([one["batches"] for one in found])
    return text if all(one["reached"] for one in found) else f"({text})"


def _of_those_reached(counts):
    """Mean over the seeds that have a number, and how many these are."""
    reached = [count for count in counts if count is not None]
    text = _spread(reached, "{:.0f}") if reached else "-"
    share = f" ({len(reached)} of {len(counts)})"
    return text if len(reached) == len(counts) else text + share


def _spread(values, form):
    """Mean and standard deviation."""
    mean = form.format(np.mean(values))
    return f"{mean} ± {form.format(np.std(values, ddof=1))}" if values[1:] else mean


def _published(part):
    return [
        {
            "k": row["k"],
            "one direction": _number(row["one"]),
            "ten directions": _number(row["all"]),
            "ten / one": _number(row["all"] / row["one"]),
            "(2)": _number(row["formula"]),
            "(2) / one": _number(row["formula"] / row["one"]),
            "(2) / ten": _number(row["formula"] / row["all"]),
        }
        for row in part["rows"]
    ]


def _plane(part):
    return [
        {
            "sigma": f"{row['sigma']:g}",
            "d": row["d"],
            "Δ": _number(row["monte_carlo"]),
            "std. err.": f"{row['std_err'] / row['monte_carlo']:.0%}",
            "(2) / Δ": _number(row["formula"] / row["monte_carlo"]),
            "(1) / Δ": _number(row["second_order"] / row["monte_carlo"]),
        }
        for row in part["rows"]
    ]


def _times(parts):
    seconds = {name: part["cpu_seconds"] for name, part in parts.items()}
    seconds["all"] = sum(seconds.values())
    return [{"part": n, "CPU s": f"{found:.0f}"} for n, found in seconds.items()]


# Name of a table: the part with its numbers, and the function that makes it.
TABLES = {
    "features": ("features", _features),
    "slopes": ("differences", _slopes),
    "orders": ("differences", _orders),
    "norms": ("norms", _norms),
    "distance": ("distance", _distances),
    "rates": ("growth", _rates),
    "formula": ("growth", _formulas),
    "thresholds": ("thresholds", partial(_rows_by, _threshold_row)),
    "convergence": ("thresholds", partial(_rows_by, _convergence_row)),
    "published": ("published", _published),
    "plane": ("plane", _plane),
}
