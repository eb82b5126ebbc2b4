"""The version, in a file of its own, so that no module has to import the package."""

__version__ = "0.2.0"
