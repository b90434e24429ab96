"""The projection that access is decided from, and the one policy that decides."""
