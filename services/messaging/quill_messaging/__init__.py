"""Quill's messaging service."""
