"""Versions of a store's tables: an older one is brought up in one transaction, a newer one is refused."""

from collections.abc import Callable, Sequence

from pcrs.errors import StoreError

type Step[C] = Callable[[C], None]
"""Takes a connection in its transaction from one version to the next."""


def missing[C](version: int, steps: Sequence[Step[C]]) -> Sequence[Step[C]]:
    """The steps that a store of this version still needs; version 0 is an empty place, step 0 makes it 1.

    Raises:
        StoreError: the version is greater than that of the last step.
    """
    if version > len(steps):
        raise StoreError(
            f"it was written by a newer pcrs (version {version}, this one knows {len(steps)}): upgrade pcrs"
        )
    return steps[version:]
