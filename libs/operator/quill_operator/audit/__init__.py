"""`quill audit`: prove that nobody changed what is on record."""
