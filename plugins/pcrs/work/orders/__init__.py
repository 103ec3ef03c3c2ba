"""Orders of cold objects: what they cost, who may have them, how they come back (OAIS: dissemination)."""
