"""Algorithm 1: grow, train, measure, decide."""
