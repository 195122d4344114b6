"""Batches: many cards made at once, each with its own secrets, and the book of what became of each."""
