"""Submits a folder of DICOM and prints section masks as they arrive: python watch_folder.py FOLDER [ENDPOINT]"""

import sys

from cordline_client import DEFAULT_ENDPOINT, RESEARCH_USE, Client


def main(folder: str, endpoint: str = DEFAULT_ENDPOINT) -> int:
    with Client.connect(endpoint, name="watch_folder 0.1") as client:
        job = client.submit_study([folder], priority="urgent")
        for event in client.follow(job):
            if event.name == "section":
                rows, columns = event.body["mask"]["shape"]
                voxels = event.mask()
                print(f"section {event.body['section']} ({rows} x {columns}): {sum(voxels)} voxels of lesion")
            elif event.name == "warning":
                print("Note:", event.body["message"])
            elif event.ends:
                finding, problem = event.body.get("finding"), event.body.get("problem")
                print(finding["label"] if finding else problem["message"])
    print(RESEARCH_USE)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
