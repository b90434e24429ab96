"""`quill projections`: what a service knows of the others."""
