"""How a box is born and kept well, and the `qanat` command."""
