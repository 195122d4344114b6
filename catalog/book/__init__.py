"""Books: a course of text as one EPUB, which any phone keeps and opens without the box."""
