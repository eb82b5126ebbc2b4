"""Several fits in parallel: with different seeds, architectures or folds."""
