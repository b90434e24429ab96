"""Quill's orgs service."""
