"""Books: EPUB files, with their chapters in the order in which they are read."""
