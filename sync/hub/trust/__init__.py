"""The hub's side of trust: its keys, what it signs, what it mirrors."""
