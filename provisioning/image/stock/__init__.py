"""A stock Raspberry Pi OS image made a box: for boards that our own image does not start."""
