"""Floor 4: the life of a delivery."""
