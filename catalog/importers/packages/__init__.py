"""Packages: courses that say in a document of their own what they are made of, for a runtime that plays them.

* One file for each kind of package; what all of them share (where the document lies, how a link becomes a file) is in
  `layout`, and what a package says of itself in `lom`.
* What a player must know is written beside the package's files as one small JSON document of ours.
"""
