"""From values to CNIG features: the surveyor's book, and what is written in it."""
