"""Floor 2: objects at rest that can be asked: features, the index of dalles, catalogue records."""
