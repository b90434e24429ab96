"""The main job, played by four people against a running system."""
