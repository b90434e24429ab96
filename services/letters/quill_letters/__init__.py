"""Quill's letters service."""
