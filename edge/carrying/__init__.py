"""Carrying by hand at the box: sticks, and phones."""
