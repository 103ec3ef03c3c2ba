"""Floor 5: what hosts (pygeoapi, MapProxy, pycsw) and browsers call. Thin: in, one floor down, out."""
