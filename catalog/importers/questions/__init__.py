"""Formats of questions: each becomes a bank of ours; what it can say and we cannot ask is named in the report."""
