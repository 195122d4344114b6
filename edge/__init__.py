"""Where it is used: the box on a campus, its people, library and learning."""
