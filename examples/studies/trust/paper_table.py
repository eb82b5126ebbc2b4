"""Paper B's table, compared with the answers of this library over several seeds."""

import numpy as np

from .replay import first_passage, is_whole, settled_at

__all__ = ["PAPER", "paper_row"]

BATCH = 64
# Tolerance, k*, loss at k* and seconds, as printed in the paper.
PAPER = {
    "MNIST / 128": (0.025, 100, 0.013, 2000),
    "MNIST / 128-64": (0.025, 40, 0.010, 3500),
    "MNIST / CNN": (0.025, 60, 0.024, 1800),
    "Fashion-MNIST / 128": (0.030, 120, 0.020, 2100),
    "Fashion-MNIST / 128-64": (0.030, 90, 0.017, 4400),
    "Fashion-MNIST / CNN": (0.030, 70, 0.015, 2400),
}


def paper_row(pair, traces) -> dict:
    """One row of the table: k in batches of 64, mean and standard deviation."""
    tol, k_star, loss, seconds = PAPER[pair.name]
    answers = [(t, settled_at(t, tol=tol)) for t in traces]
    settled = [(t, one.n_samples) for t, one in answers if one is not None]
    whole = [trace for trace in traces if is_whole(trace)]
    printed = [n / BATCH for n in (first_passage(t, tol) for t in whole) if n]
    return {
        "pair": pair.name,
        "tol": tol,
        "seeds": len(traces),
        "k_star_paper": k_star,
        "loss_paper": loss,
        "seconds_paper": seconds,
        **_mean_and_spread("k_star", [n / BATCH for _, n in settled]),
        **_mean_and_spread("printed_rule", printed),
        **_mean_and_spread("loss", [_at(t, "train_loss", n) for t, n in settled]),
        **_mean_and_spread("score", [_at(t, "test_score", n) for t, n in settled]),
        "cpu_seconds": float(np.median([t.cpu_seconds for t in traces])),
    }


def _at(trace, name, n):
    columns = trace.columns
    return float(columns[name][np.argmin(np.abs(columns["train_size"] - n))])


def _mean_and_spread(name, values):
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {name: float(np.mean(values)) if values else None, f"{name}_sd": spread}
