"""The main job, played by five people against a running system."""
