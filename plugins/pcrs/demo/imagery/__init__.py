"""From values to pixels: materials, textures, shadows and everything that is laid on the ground."""
