"""From the user's data to tensors: sources, streams, samples and tasks."""
