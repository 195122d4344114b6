"""Migrations: the tables of the learning record store, each set in the file of its noun; who leans on others last."""

from edge.learning.lrs import activities, attachments, credentials, documents, owners, statements

ALL = (
    statements.migrations,
    attachments.migrations,
    owners.migrations,
    documents.migrations,
    activities.migrations,
    credentials.migrations,
)
