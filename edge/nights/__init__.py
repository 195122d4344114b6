"""When and how much this box talks to its hub, and what is remembered of it."""
