"""Layers whose derivatives are written by hand, and chains of them."""
