"""Floor 1: the norm as values. No file, no network, no clock."""
