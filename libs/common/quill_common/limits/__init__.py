"""How often something may be done: limits a route names, and failures that lock for a while (contract 1.6)."""
