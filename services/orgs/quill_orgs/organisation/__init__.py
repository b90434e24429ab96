"""Organisations: create, list, read, change."""
