"""Counts what is answered, and writes it down now and then, beside the answers."""

import logging
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime

from pcrs.errors import StoreError
from pcrs.serve.use.kinds import WATCHING, cell_of, family_of, outcome_of, service_of
from pcrs.standard.grid import LAMB93, TILE_PX, Tile
from pcrs.store.use import BOUNDS_S, Cell, Counts, Kind, Use, class_of

NOTE = "pcrs.note"
"""Key of a request's scope under which its note is."""
_log = logging.getLogger(__name__)
_FLUSH_S = 5.0
_AGENTS_MOST = 2000
_WAITING_MOST = 1000
_PLACED_LEVEL = 14
"""Tiles of this level and finer (12.8 m a pixel) tell of a place, coarser ones of no one in particular."""
_TILE_KM = tuple(LAMB93.res(level) * TILE_PX / 1000 for level in range(LAMB93.last_level + 1))
"""Side of a tile of each level, kilometres."""
_NORTH_KM = LAMB93.origin_y / 1000


@dataclass(slots=True)
class Note:
    """What is known of a request while it is answered."""

    role: str = "public"


class Recorder:
    """The counts of one process. Counting takes one to two microseconds; a thread writes them down.

    Args:
        use: where they are written; None: nothing is counted.
    """

    def __init__(self, use: Use | None) -> None:
        self._use = use
        self._agents: dict[bytes, str] = {}
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, int, Counts]] = deque(maxlen=_WAITING_MOST)
        self._begin()
        self._stop = threading.Event()
        if use is not None:
            threading.Thread(target=self._write_now_and_then, name="use", daemon=True).start()

    def _begin(self) -> None:
        self._kinds: defaultdict[Kind, list[int]] = defaultdict(lambda: [0, 0])
        self._tiles: dict[bytes, list[int]] = {}
        self._cells: defaultdict[tuple[int, int], int] = defaultdict(int)
        self._durations: dict[str, tuple[list[int], list[float]]] = {}

    def tile(self, agent: bytes, octets: int, tile: Tile) -> None:
        """A native tile was sent."""
        if self._use is None:
            return
        level, col, row = tile
        with self._lock:
            counted = self._tiles.get(agent)
            if counted is None:
                if len(self._tiles) >= _AGENTS_MOST:
                    self._tiles.clear()
                kind = Kind("wmts", "public", self._family(agent), "ok")
                counted = self._tiles[agent] = self._kinds[kind]
            counted[0] += 1
            counted[1] += octets
            if level >= _PLACED_LEVEL:
                side_km = _TILE_KM[level]
                x_km, y_km = (col + 0.5) * side_km, _NORTH_KM - (row + 0.5) * side_km
                self._cells[int(x_km), int(y_km)] += 1  # a plain pair: it equals its `Cell`

    def answered(self, path: str, agent: bytes, note: Note, status: int, octets: int, seconds: float) -> None:
        """A request was answered."""
        if self._use is None:
            return
        service = service_of(path)
        if path.strip("/") in WATCHING:
            return
        kind = Kind(service, note.role, self._family(agent), outcome_of(status))
        cell = cell_of(path) if status < 400 else None
        with self._lock:
            counted = self._kinds[kind]
            counted[0] += 1
            counted[1] += octets
            classes, total = self._durations.setdefault(service, ([0] * (len(BOUNDS_S) + 1), [0.0]))
            classes[class_of(seconds)] += 1
            total[0] += seconds
            if cell is not None:
                self._cells[cell] += 1

    def flush(self) -> None:
        """What was counted is written down.

        Raises:
            StoreError: it cannot be; it is kept for the next time.
        """
        if self._use is None:
            return
        with self._lock:
            kinds, cells, durations = self._kinds, self._cells, self._durations
            self._begin()
        now = datetime.now(UTC)
        counts = Counts(
            {kind: (one[0], one[1]) for kind, one in kinds.items()},
            {Cell(*place): count for place, count in cells.items()},
            {service: (classes, total[0]) for service, (classes, total) in durations.items()},
        )
        self._waiting.append((now.date().isoformat(), int(now.timestamp() // 60), counts))
        while self._waiting:
            self._use.add(*self._waiting[0])
            self._waiting.popleft()

    def close(self) -> None:
        """The last counts are written; the thread ends."""
        self._stop.set()
        self.flush()

    def _family(self, agent: bytes) -> str:
        family = self._agents.get(agent)
        if family is None:
            if len(self._agents) >= _AGENTS_MOST:
                self._agents.clear()
            family = self._agents[agent] = family_of(agent)
        return family

    def _write_now_and_then(self) -> None:
        while not self._stop.wait(_FLUSH_S):
            try:
                self.flush()
            except StoreError as error:
                _log.warning("what is used cannot be written down: %s", error)


def agent_of(headers: list[tuple[bytes, bytes]]) -> bytes:
    """What a client says of itself."""
    for name, value in headers:
        if name == b"user-agent":
            return value
    return b""
