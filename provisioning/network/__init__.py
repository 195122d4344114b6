"""The network around a box, made from its seed."""
