"""States in files: safetensors and JSON, so loading a file cannot run code."""
