"""The hub's pages for staff."""
