"""Commands of `pcrs`, a family to a module; `pcrs.cli` gives them their names."""
