"""Quill's patients service."""
