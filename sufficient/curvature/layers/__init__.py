"""Derivatives of layers without automatic differentiation, and chains of layers."""
