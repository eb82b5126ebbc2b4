"""Studies of the library: speed, correctness, and comparison with the papers."""
