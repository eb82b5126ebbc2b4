"""What is said to the command again and again, and what it may answer."""

from __future__ import annotations

STEPWISE = ["--training=update", "--stop=landscape"]
FAST = ["--batch-size=40", "--n-directions=2", *STEPWISE]
DIGITS = ["digits", "--n-samples=300", *FAST]
KEYS = {
    "verdict", "converged", "k_star", "n_samples_star", "n_samples_needed",
    "n_samples_needed_interval", "expected_gain", "expected_gain_interval",
    "generalization_gap", "batch_size", "rate", "tol", "seconds", "curves",
    "eigenvalues", "warnings", "version", "probability_sufficient", "n_train",
    "limited_by", "gain_from_training",
}  # fmt: skip
