"""Start-up and memory of `pcrs serve` on a site: python -m tests.bench.startup SITE."""

import sys
import time
from pathlib import Path

from tests.serving import end, free_port, start, wait_for

ASKED = ("", "ogcapi/collections/dalles/items", "wmts?SERVICE=WMTS&REQUEST=GetCapabilities", "healthz")


def resident_mb(pid: int) -> float:
    """Resident memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def main(site: Path) -> None:
    port = free_port()
    began = time.monotonic()
    process = start("serve", "--site", site, "--port", str(port))
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        sys.stdout.write(f"first answer after {time.monotonic() - began:.1f} s\n")
        sys.stdout.write(f"resident {resident_mb(process.pid):.0f} MB\n")
        for path in ASKED:
            wait_for(f"http://127.0.0.1:{port}/{path}", process)
        sys.stdout.write(f"resident after one request of each kind {resident_mb(process.pid):.0f} MB\n")
    finally:
        end(process)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
