"""Journals that a box follows: the hub's own for its campus, and those of a box that it replaces."""
