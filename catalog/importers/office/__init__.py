"""Office files: texts, slides and tables, printed as PDF where LibreOffice is, kept as files where it is not."""
