"""The brief and summary forms of an ISO 19139 record, cut from the full one: valid, and true to it.

pycsw writes them anew from its columns: its brief form is no valid ISO 19139, and its services lose their
operations.
"""

from collections.abc import Callable

from lxml import etree

_GMD = "{http://www.isotc211.org/2005/gmd}"
_NOT_IN_SUMMARY = ("dataQualityInfo", "contentInfo", "metadataExtensionInfo")
_BRIEF = (
    "fileIdentifier",
    "language",
    "characterSet",
    "parentIdentifier",
    "hierarchyLevel",
    "hierarchyLevelName",
    "contact",
    "dateStamp",
    "metadataStandardName",
    "metadataStandardVersion",
    "identificationInfo",
)
_NOT_IN_BRIEF_IDENTIFICATION = (
    "status",
    "pointOfContact",
    "resourceMaintenance",
    "descriptiveKeywords",
    "resourceConstraints",
    "spatialResolution",
)


def summary(root: etree._Element) -> etree._Element:
    """The record without its report of quality: what it is, where, when, and how to get it."""
    _drop(root, lambda name: name in _NOT_IN_SUMMARY)
    return root


def brief(root: etree._Element) -> etree._Element:
    """The record's names, dates, place and kind."""
    _drop(root, lambda name: name not in _BRIEF)
    for identification in root.iterfind(f"{_GMD}identificationInfo/*"):
        _drop(identification, lambda name: name in _NOT_IN_BRIEF_IDENTIFICATION)
    return root


def _drop(parent: etree._Element, unwanted: Callable[[str], bool]) -> None:
    for child in list(parent):
        if isinstance(child.tag, str) and unwanted(etree.QName(child).localname):
            parent.remove(child)
