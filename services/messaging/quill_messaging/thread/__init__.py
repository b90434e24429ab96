"""What the features share: the tables of a thread, who may read it, and its place in the lists."""
