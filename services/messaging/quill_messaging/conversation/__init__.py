"""Conversations: start, list, read, set the status."""
