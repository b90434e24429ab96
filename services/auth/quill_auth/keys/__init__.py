"""The keys of user tokens: published, rotated, listed."""
