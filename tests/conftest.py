"""Nouns that every room's tests share."""
