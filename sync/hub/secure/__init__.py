"""Certificates for the secure addresses of boxes."""
