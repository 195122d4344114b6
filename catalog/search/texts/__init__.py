"""The text in files: pages, books, documents, captions; and where in them each piece of it stands."""
