"""Studies of the library: what it costs, whether it is right, whether it stays so."""
