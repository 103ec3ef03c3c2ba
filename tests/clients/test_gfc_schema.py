"""The feature catalogue against the schema of ISO 19110, which no package has."""

from importlib.resources import files
from pathlib import Path

from lxml import etree

from pcrs.publish.feature_catalogue import feature_catalogue
from tests.clients.judges import judge


def test_the_feature_catalogue_is_valid():
    """With the schemas of ISO 19139 that records are held against: those of pycsw."""
    schemas = Path(str(files("pycsw"))) / "plugins/profiles/apiso/schemas/ogc/iso/19139/20060504"
    schema = etree.parse(judge("schemas.isotc211.org") / "19110" / "-" / "gfc" / "1.0" / "gfc.xsd")
    for one in schema.iterfind("{*}import"):
        name = str(one.get("namespace")).rpartition("/")[2]
        one.set("schemaLocation", (schemas / name / f"{name}.xsd").as_uri())
    etree.XMLSchema(schema).assertValid(etree.fromstring(feature_catalogue()))
