"""Sizes of a small world, where the real ones would only cost time."""

CHECKPOINT_BYTES = 4 << 10
"""Far less than the real step, for packs of some ten kilobytes."""
PIECE_BYTES = 5_000
"""What the wire hands over at a time."""
MEGABYTE_BYTES = 400_000
"""What a megabyte of a budget is: a night that has one ends in the middle of a world's courses."""
BOOK_BYTES = 30_000
FILM_BYTES = 70_000
