"""Pictures of an answer. Each stores numbers only, so no net is needed to draw it."""

from sufficient.display.landscape import LandscapeDisplay
from sufficient.display.sample_size import SampleSizeDisplay
from sufficient.display.spectrum import SpectrumDisplay

__all__ = ["LandscapeDisplay", "SampleSizeDisplay", "SpectrumDisplay"]
