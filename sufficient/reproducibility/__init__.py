"""Reproducible numbers: seeds, exact arithmetic, devices, fingerprints."""
