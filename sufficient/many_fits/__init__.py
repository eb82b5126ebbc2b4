"""Several fits side by side: seeds, architectures, folds."""
