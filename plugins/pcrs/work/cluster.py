"""The mill on several machines: the same pieces of work, handed to a dask.distributed scheduler.

Workers see the site's directory and the delivery's under the same paths as here, and have the same pcrs:
`dask worker tcp://… --nthreads 1`, one for each core.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from pcrs import __version__
from pcrs.errors import MillError, SettingsError
from pcrs.work.progress import Mill

_PATIENCE_S = 10


@contextmanager
def cluster(address: str) -> Iterator[Mill]:
    """A mill of the workers that a scheduler has now, let go with the block.

    Args:
        address: of the scheduler, like tcp://10.0.0.5:8786.

    Raises:
        SettingsError: dask.distributed is not installed here.
        MillError: the scheduler does not answer, or has no worker, or one with another pcrs.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise SettingsError(
            "--scheduler needs dask.distributed, which is not installed: pip install 'pcrs[cluster]'"
        ) from error
    try:
        client = distributed.Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise MillError(
            f"the scheduler at {address} does not answer ({error}): is it running there?"
        ) from error
    with client:
        workers = _workers(client, address)
        pool = client.get_executor(pure=False)
        try:
            yield Mill(workers, pool, (distributed.KilledWorker,))
        finally:
            pool.shutdown(wait=True)


def _workers(client: Any, address: str) -> int:
    """How many pieces the workers of a scheduler take at once; all of them have this pcrs."""
    threads: dict[str, int] = client.nthreads()
    if not threads:
        raise MillError(f"the scheduler at {address} has no worker: start some (dask worker {address})")
    versions = client.get_versions(packages=["pcrs"])["workers"]
    for worker, told in versions.items():
        found = told["packages"].get("pcrs")
        if found != __version__:
            raise MillError(
                f"worker {worker}: pcrs is {found or 'missing'} there, {__version__} here; install the same"
            )
    return sum(threads.values())
