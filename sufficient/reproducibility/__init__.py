"""The same numbers every time: seeds, exact arithmetic, devices, fingerprints."""
