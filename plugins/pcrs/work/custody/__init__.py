"""The custody of objects: taken in, put in bags, copied, verified, repaired, let go by rule, brought back."""
