"""CycloneDX: the bill of materials in the words that scanners read (https://cyclonedx.org/docs/1.6/json/).

* The same parts give the same bytes: no clock and no chance; the serial number is made from what the bill says.
* Hashes are those of the files that the lock lets in, whatever the machine; so they stand at the place of download.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from catalog.digest import sha256
from provisioning.bill.licences import OUR_LICENCE
from provisioning.bill.parts import Part

SPEC_VERSION = "1.6"
PLACES = {"pypi": "https://pypi.org/project/{name}/{version}/", "npm": "https://www.npmjs.com/package/{name}"}

Document = dict[str, Any]


def bill(
    product: str, version: str, parts: Sequence[Part], licences: Mapping[Part, str], optional: frozenset[str]
) -> bytes:
    """The bill of `product`: its parts, each with its licence, and who needs whom. `optional`: names of parts that
    are there only where somebody asks for what they do."""
    ours = f"pkg:pypi/qanat@{version}#{product}"
    document: Document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC_VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "build"}],
            "component": {
                "type": "application",
                "bom-ref": ours,
                "name": product,
                "version": version,
                "licenses": [{"license": {"id": OUR_LICENCE}}],
                "purl": f"pkg:pypi/qanat@{version}",
            },
        },
        "components": [_component(part, licences[part], is_optional=part.name in optional) for part in parts],
        "dependencies": [_needs(ours, [part for part in parts if not part.wanted_by])]
        + [_needs(part.purl, [one for one in parts if part.name in one.wanted_by]) for part in parts],
    }
    serial = uuid.UUID(bytes=sha256(json.dumps(document, sort_keys=True).encode())[:16], version=5)
    return json.dumps(document | {"serialNumber": serial.urn}, indent=1, sort_keys=True).encode() + b"\n"


def _component(part: Part, licence: str, *, is_optional: bool) -> Document:
    group, _, name = part.name.rpartition("/")
    return {
        "type": "library",
        "bom-ref": part.purl,
        **({"group": group} if group else {}),
        "name": name,
        "version": part.version,
        "scope": "optional" if is_optional else "required",
        "licenses": [{"expression": licence}],
        "purl": part.purl,
        "externalReferences": [
            {
                "type": "distribution",
                "url": PLACES[part.kind].format(name=part.name, version=part.version),
                "hashes": [{"alg": algorithm, "content": value} for algorithm, value in sorted(part.hashes)],
            }
        ],
    }


def _needs(of: str, parts: Sequence[Part]) -> Document:
    return {"ref": of, "dependsOn": sorted(part.purl for part in parts)}
