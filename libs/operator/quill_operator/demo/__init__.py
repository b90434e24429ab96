"""A small invented hospital world, loaded through the public API like any client would."""
