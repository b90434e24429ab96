"""Quill's auth service."""
