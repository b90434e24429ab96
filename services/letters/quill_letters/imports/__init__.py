"""Letters that operators bring in from other systems."""
