"""Who is signed in where, from the command line."""
