"""State in files: safetensors and JSON, nothing that could run code."""
