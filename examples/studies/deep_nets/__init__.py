"""Ten deep nets of common kinds, and what a measured size of each costs."""
