"""What auth knows of organisations: that they exist, and their features."""
