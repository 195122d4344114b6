"""How a box is born: the seed on its card, and what it becomes of it."""
