"""How it travels: journals up, releases down, over any link."""
