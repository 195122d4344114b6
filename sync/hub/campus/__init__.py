"""The hub's own journal for each campus: what it says, and what is asked of it."""
