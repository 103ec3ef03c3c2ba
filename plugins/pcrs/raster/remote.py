"""A raster in a bucket, read by ranges through GDAL's own S3 client.

1000 x 1000 px of a master are read in 86 ms so, in 71 ms through a Python file over obstore, in 63 ms from a
disk. A Python file must be closed in the context that opened it: threads that come and go do not keep it.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Remote:
    """A file in a bucket that never changes. GDAL takes the keys from the environment, as obstore does."""

    bucket: str
    key: str
    endpoint: str
    """Address of the service; empty: Amazon's."""
    region: str

    def __str__(self) -> str:
        """s3://bucket/key."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        """The last part of the key."""
        return PurePosixPath(self.key).name

    @property
    def stem(self) -> str:
        """The same without its suffix."""
        return PurePosixPath(self.key).stem

    @property
    def parent(self) -> PurePosixPath:
        """What comes before."""
        return PurePosixPath(self.key).parent

    @property
    def gdal_path(self) -> str:
        """The name under which GDAL finds it."""
        return f"/vsis3/{self.bucket}/{self.key}"

    def gdal_options(self) -> dict[str, str]:
        """How GDAL reaches it; needed while it is opened, and no longer."""
        options = {"AWS_REGION": self.region or "us-east-1", "AWS_VIRTUAL_HOSTING": "FALSE"}
        options |= {"GDAL_HTTP_MAX_RETRY": "5", "GDAL_HTTP_RETRY_DELAY": "0.5", "GDAL_HTTP_TIMEOUT": "60"}
        if self.endpoint:
            parts = urlsplit(self.endpoint)
            options["AWS_S3_ENDPOINT"] = parts.netloc
            options["AWS_HTTPS"] = "YES" if parts.scheme == "https" else "NO"
        return options
