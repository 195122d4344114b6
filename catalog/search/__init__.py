"""Search: what a course says, found again in whatever way somebody writes it."""
