"""What the user gave, row by row, until it is tensors."""
