"""Staff: the first hour, and how the box is doing in plain words."""
