"""What the studies share."""

import os

# Pictures are written into files, so that matplotlib needs no window.
os.environ.setdefault("MPLBACKEND", "Agg")
