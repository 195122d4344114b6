"""Renditions: the smaller versions of a film or of sound that a hub makes, so that each box takes what it can.

* What to make is decided from facts alone (`ladder`); making is left to ffmpeg, in a child that may do nothing else.
"""
