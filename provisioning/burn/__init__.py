"""Burning: an image put onto many cards at once, each proven by reading it back, each with what is its own."""
