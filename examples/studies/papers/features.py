"""Accuracy with pretrained features, compared with pixels."""

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .data import INPUTS, available, problem
from .settings import Settings

__all__ = ["measure"]

N_PROBED, PENALTIES = 2_000, (1e-3, 1e-2, 1e-1)


def measure(settings: Settings) -> dict:
    """Accuracy of logistic regression on the first samples, on pixels and features."""
    rows = [_row(data, settings) for data in available(settings.data)]
    return {"rows": rows, "n_probed": min(N_PROBED, settings.n_samples)}


def _row(data, settings):
    sources = {kind: problem(data, kind, settings.n_samples) for kind in INPUTS}
    return {
        "data": data,
        "n_features": {kind: source.X.shape[1] for kind, source in sources.items()},
        "accuracy": {kind: _probed(source) for kind, source in sources.items()},
    }


def _probed(source):
    """Accuracy over five folds, with the best of three penalties."""
    X, y = source.X[:N_PROBED].numpy(), source.y[:N_PROBED].numpy()
    return max(
        cross_val_score(_probe(penalty), X, y, cv=5).mean() for penalty in PENALTIES
    )


def _probe(penalty):
    return make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=300))
