"""Slots: two roots on a card, so that new software is tried while the old one waits."""
