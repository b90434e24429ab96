"""`quill migrate`: the schemas of the services."""
