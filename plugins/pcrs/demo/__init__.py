"""A small PCRS of an imaginary village in the Lot: imagery and vector, plainly marked as fictitious."""

from pcrs.demo.delivery import make_delivery

__all__ = ["make_delivery"]
