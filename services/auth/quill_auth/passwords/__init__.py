"""Passwords: how they are stored and which are taken."""
