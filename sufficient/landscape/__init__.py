"""How the loss changes around the trained weights when a batch is added."""
