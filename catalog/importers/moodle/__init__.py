"""Moodle course backups (.mbz): what learners study becomes a course; what learners did is never read."""
