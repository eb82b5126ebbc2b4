"""The leading eigenpairs of a loss, found, certified and followed."""
