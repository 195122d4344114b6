"""A patch: one layer of one release as one immutable file (DESIGN: groups, codecs, root)."""
