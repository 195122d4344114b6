"""What may travel now: pure decisions over values."""
