"""XML from outside: parsed without entities, document types or network."""

from lxml import etree

from pcrs.serve.csw_faults import CswFault


def parsed(document: bytes, locator: str) -> etree._Element:
    """The root element, without comments and processing instructions.

    Raises:
        CswFault: it is no XML, or has a DOCTYPE.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise CswFault("NoApplicableCode", locator, f"{locator} is no XML: {error.msg}") from None
    except ValueError:
        raise CswFault("NoApplicableCode", locator, f"{locator} is no XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise CswFault("NoApplicableCode", locator, "a DOCTYPE is refused")
    return root
