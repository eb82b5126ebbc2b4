"""Whether the data is enough, and how much more is needed."""
