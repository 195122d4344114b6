"""Kolibri channels: a database of topics and files, and the files under their checksums."""
