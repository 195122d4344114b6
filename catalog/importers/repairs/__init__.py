"""Repairs: what packages get wrong, mended while they are read, each mend with its line in the report.

* Nothing is guessed silently: what was assumed is said.
* A repair looks at what is there and at nothing else; its time and its memory are bounded, whatever it reads.
"""
