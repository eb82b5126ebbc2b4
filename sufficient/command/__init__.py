"""The command ``sufficient``."""
