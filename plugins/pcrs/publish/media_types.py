"""Media types of the formats that records name, and the European register's codes of them."""

_KNOWN = {
    "geotiff": ("image/tiff; application=geotiff", "GEOTIFF"),
    "jpeg2000": ("image/jp2", "JPEG2000"),
    "gml": ("application/gml+xml", "GML"),
    "geojson": ("application/geo+json", "GEOJSON"),
    "gpkg": ("application/geopackage+sqlite3", "GPKG"),
    "geopackage": ("application/geopackage+sqlite3", "GPKG"),
    "flatgeobuf": ("application/flatgeobuf", ""),
    "dxf": ("image/vnd.dxf", "DXF"),
    "shapefile": ("application/vnd.shp", "SHP"),
}
"""By name in lower case: media type, and the code in the file type authority of the Publications Office."""
FILE_TYPES = "http://publications.europa.eu/resource/authority/file-type"


def media_type_of(name: str) -> str:
    """The media type of a format; `application/octet-stream` for one that is not known."""
    return _KNOWN.get(name.lower().replace(" ", ""), ("application/octet-stream", ""))[0]


def file_type_of(name: str) -> str:
    """The address of a format in the register of file types; nothing when it has none."""
    code = _KNOWN.get(name.lower().replace(" ", ""), ("", ""))[1]
    return f"{FILE_TYPES}/{code}" if code else ""
