"""Pictures of an answer. Each stores numbers only and can be drawn without a net."""

from sufficient.display.landscape import LandscapeDisplay
from sufficient.display.sample_size import SampleSizeDisplay
from sufficient.display.spectrum import SpectrumDisplay

__all__ = ["LandscapeDisplay", "SampleSizeDisplay", "SpectrumDisplay"]
