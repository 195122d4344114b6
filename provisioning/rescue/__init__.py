"""Rescue: what learners did, read off a card that is ill, and on its way to the hub as a letter."""
