"""Learning: places reached, progress made."""
