"""Carrying by hand: letters and packs on a stick, or in one file on a phone."""
