"""Common Cartridges: courses as universities exchange them, Canvas's own among them."""
