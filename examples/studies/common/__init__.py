"""Code that the studies share."""

import os

# Pictures are only written to files, so matplotlib needs no display.
os.environ.setdefault("MPLBACKEND", "Agg")
