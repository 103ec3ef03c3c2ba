"""Floor 3: what the facts look like outside: ISO records."""
