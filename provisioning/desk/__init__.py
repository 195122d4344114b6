"""The desk: a page on this machine for those who make cards and do not type commands."""
