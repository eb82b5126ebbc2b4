"""Where things lie that tests look for."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
REFERENCE = ROOT.parent / "shared" / "reference"
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
