"""`quill events`: events that could not be applied."""
