"""IGN's SDK does with our descriptors and workflows what our own push does."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from pcrs.publish.geoplateforme.products import KINDS
from pcrs.pushing import rehearse
from pcrs.settings import load
from pcrs.work.progress import silent
from tests.entrepot import Fake
from tests.entrepot_api import serving_entrepot
from tests.entrepot_site import MOSAIC, accept, site_with_objects
from tests.entrepot_state import DATASTORE
from tests.patience import PATIENCE_S

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(find_spec("sdk_entrepot_gpf") is None, reason="sdk-entrepot-gpf is not installed"),
]
PROBE = Path(__file__).with_name("sdk_probe.py")
CONFIG = """[store_authentification]
token_url={url}/token
grant_type=client_credentials
client_id=te46
client_secret=secret
[store_api]
root_url={url}/api
datastore={datastore}
[upload]
nb_sec_between_check_updates=0
[processing_execution]
nb_sec_between_check_updates=0
[miscellaneous]
tmp_workdir={folder}
"""


def test_the_sdk_delivers_processes_and_publishes_by_our_files(tmp_path):
    site = site_with_objects(tmp_path)
    accept(site, "2025", MOSAIC, 90)
    told = rehearse(site, load(site.settings_file), list(KINDS), silent)
    fake = Fake(polls=1, names="sdk")
    folders = [told.files / product for product in ("raster", "archive", "vector")]
    with serving_entrepot(fake) as url:
        config = tmp_path / "sdk.ini"
        config.write_text(CONFIG.format(url=url, datastore=DATASTORE, folder=tmp_path), encoding="utf-8")
        command = [sys.executable, PROBE, config, DATASTORE, *folders]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=PATIENCE_S
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert {name: len(data) for name, data in fake.layers().items()} == {
        "WMTS-TMS PCRS_D046_RVB": 1,
        "WMS-RASTER PCRS_D046_RVB": 1,
        "DOWNLOAD PCRS_D046_RVB-0M05": 1,
        "DOWNLOAD PCRS_D046_VECTEUR": 1,
        "WFS PCRS_D046_VECTEUR": 1,
    }
    assert fake.of("upload") == []
    shown = {action.name for action in told.actions if action.kind == "données"}
    assert {stored["name"] for stored in fake.of("stored_data")} == shown
