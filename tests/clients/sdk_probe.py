"""IGN's SDK: delivers by the descriptors of a folder, then runs the workflows there.

    python sdk_probe.py CONFIG.ini DATASTORE FOLDER…

A program of its own: the SDK keeps one configuration a process.
"""

import json
import sys
from pathlib import Path

from sdk_entrepot_gpf.io.Config import Config
from sdk_entrepot_gpf.io.UploadDescriptorFileReader import UploadDescriptorFileReader
from sdk_entrepot_gpf.workflow.action.UploadAction import UploadAction
from sdk_entrepot_gpf.workflow.resolver.GlobalResolver import GlobalResolver
from sdk_entrepot_gpf.workflow.resolver.StoreEntityResolver import StoreEntityResolver
from sdk_entrepot_gpf.workflow.Workflow import Workflow


def main(config: str, datastore: str, *folders: str) -> None:
    Config().read(config)
    GlobalResolver().add_resolver(StoreEntityResolver("store_entity"))
    for folder in map(Path, folders):
        for descriptor in sorted(folder.rglob("upload_descriptor.json")):
            for dataset in UploadDescriptorFileReader(descriptor).datasets:
                upload = UploadAction(dataset, behavior="STOP").run(datastore, check_before_close=True)
                assert UploadAction.monitor_until_end(upload)
        told = json.loads((folder / "workflow.json").read_text(encoding="utf-8"))
        flow = Workflow(folder.name, told)
        assert flow.validate() == []
        for step in told["workflow"]["steps"]:
            flow.run_step(step, datastore=datastore)


if __name__ == "__main__":
    main(*sys.argv[1:])
