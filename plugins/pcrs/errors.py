"""The errors of pcrs.

PcrsError
├── InputError (ValueError)      what was given cannot be used: a value, a name, a file
│   ├── SettingsError            pcrs.toml or a PCRS_* variable
│   ├── RasterError              a file that is no readable raster
│   └── GmlError                 a file that is no readable CNIG GML
├── NotFoundError (LookupError)  no such dalle, object, delivery, layer
├── ForbiddenError               the one who asks may not
├── ConflictError                the same name already stands for other bytes
├── TooLargeError                more pixels, objects or bytes than the limit that the message names
│   └── TooCostlyError           a question to a store that takes longer than its limit
├── RemoteError (OSError)        another service does not answer, or refuses
│   └── TooManyError             … in too little time: come back later
├── MillError                    workers cannot go on: one died, or their scheduler is not there
├── SiteError (OSError)          the site directory is missing, foreign, or cannot be written
└── StoreError (OSError)         a store cannot be opened, or holds what it should not
    └── OfflineError             a file is in a cold class: it has to be ordered before it can be read

A message says what is wrong, where, what was expected and what to do. A check that finds faults does not
raise: it returns `findings`. HTTP status codes are given to these classes in one table, in
`pcrs.serve.problems`.
"""


class PcrsError(Exception):
    """Root of every error that pcrs raises on purpose."""


class InputError(PcrsError, ValueError):
    """What was given cannot be used."""


class SettingsError(InputError):
    """A setting is unknown, missing or out of bounds."""


class RasterError(InputError):
    """A file cannot be read as a raster."""


class GmlError(InputError):
    """A file cannot be read as CNIG GML at all."""


class NotFoundError(PcrsError, LookupError):
    """What was asked for does not exist."""


class ForbiddenError(PcrsError):
    """The one who asks may not do this."""


class ConflictError(PcrsError):
    """The same name already stands for other bytes."""


class TooLargeError(PcrsError):
    """The answer would pass a limit; the message names the limit."""


class RemoteError(PcrsError, OSError):
    """Another service does not answer, or refuses what it was asked."""


class TooCostlyError(TooLargeError):
    """A question takes longer than the limit that the message names."""


class TooManyError(TooLargeError):
    """Too much was asked for in too little time: the same may be asked again after `wait_s` seconds."""

    def __init__(self, text: str, wait_s: int = 60) -> None:
        super().__init__(text)
        self.wait_s = wait_s


class MillError(PcrsError):
    """Workers cannot go on: one died, or their scheduler does not answer."""


class SiteError(PcrsError, OSError):
    """The site directory is missing, foreign, or cannot be written."""


class StoreError(PcrsError, OSError):
    """A store cannot be opened, or holds what it should not."""


class OfflineError(StoreError):
    """A file is kept where it cannot be read at once: it has to be ordered first."""
