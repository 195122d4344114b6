"""The bill of materials: whose work is in a box and in a hub, at which version, under which licence."""
