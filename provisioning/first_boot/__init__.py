"""First boot: a card becomes a box, and at every later start is looked at again."""
