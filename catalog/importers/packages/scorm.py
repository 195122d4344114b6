"""SCORM packages, 1.2 and 2004, and plain IMS content packages: one activity for each organisation.

* The package is told by its manifest, in an archive or in a folder.
* What the player must know of the tree of parts lies beside the package's files.
* Refused, with its reason: a manifest that is not readable, and a package in which nothing can be opened.
"""

from typing import Any

from catalog.fault import ContentFault
from catalog.importers.intake import Intake, slug, title_of
from catalog.importers.packages.layout import PLAY_FILE, Package, alone, document_path, is_text_of, refused, write_play
from catalog.importers.packages.lom import read_lom
from catalog.importers.packages.scorm_manifest import Manifest, Organisation, is_scorm, read_manifest
from catalog.importers.source import Source, contents
from catalog.importers.xml import XML_BYTES_MAX, Element, child, parse_xml, text_of
from catalog.manifest import Activity

MANIFEST = "imsmanifest.xml"


class Scorm:
    """A package with an imsmanifest.xml that launches something."""

    format = "scorm"

    def recognises(self, source: Source) -> bool:
        if source.tree is None:
            return is_text_of(source.head, b"<manifest")
        path = document_path(source, MANIFEST)
        if path is None:
            return False
        try:
            return is_scorm(parse_xml(contents(source.tree, path, XML_BYTES_MAX), path))
        except ContentFault:
            # It has a manifest, so it is a package; which one, nobody can tell: reading it says why not.
            return True

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        if source.tree is None:
            raise alone(source)
        path = document_path(source, MANIFEST)
        assert path is not None, "it was recognised"
        package = Package(source.tree, path, intake.report)
        root = package.parsed()
        told = len(intake.report.left_out)
        manifest = read_manifest(root, package, intake.report)
        if not manifest.organisations:
            whys = "".join(f" ({why.removesuffix('.')})" for why in intake.report.left_out[told : told + 1])
            raise refused(source, f"its manifest names nothing that could be opened from the package{whys}")
        if len(manifest.organisations) == 1 and manifest.organisations[0].title:
            # What a learner sees; programs write anything into what they say beside it.
            intake.about.title = intake.about.title or manifest.organisations[0].title
        _about(root, package, intake)
        folder = intake.claim_id(slug(manifest.id or source.path.stem, "scorm"))
        package.take_in(intake, folder)
        activities = []
        for number, organisation in enumerate(manifest.organisations):
            name = folder if number == 0 else intake.claim_id(f"{folder}-{slug(organisation.id, 'part')}")
            play = PLAY_FILE if number == 0 else f"qanat-play-{number + 1}.json"
            write_play(intake, folder, _play(manifest, organisation), play)
            title = organisation.called() or intake.about.title or title_of(source.path)
            activities.append(_activity(name, folder, play, title, manifest, organisation, intake.language))
        return activities


def _activity(
    name: str, folder: str, play: str, title: str, manifest: Manifest, organisation: Organisation, language: str
) -> Activity:
    playable = organisation.playable()
    attributes: dict[str, Any] = {"play": f"{folder}/{play}", "scorm": manifest.version, "parts": len(playable)}
    return Activity(name, "scorm", f"{folder}/{playable[0].path}", {language: title}, attributes)


def _play(manifest: Manifest, organisation: Organisation) -> dict[str, Any]:
    """What the player reads."""
    told: dict[str, Any] = {
        "version": manifest.version,
        "id": organisation.id,
        "title": organisation.title,
        "parts": [part.document() for part in organisation.parts],
    }
    if manifest.edition:
        told["edition"] = manifest.edition
    if organisation.sequencing:
        told["sequencing"] = dict(organisation.sequencing)
    return told


def _about(root: Element, package: Package, intake: Intake) -> None:
    metadata = child(root, "metadata")
    read_lom(metadata, intake.about)
    location = text_of(metadata, "location")
    found = package.find(location) if location else None
    if found is not None:
        try:
            lom = parse_xml(package.read(found.path), found.path)
        except ContentFault as fault:
            intake.report.left_out.append(f"{found.path}: {fault.sentence}")
            return
        read_lom(_holder(lom), intake.about)


def _holder(lom: Element) -> Element:
    holder = Element("metadata")
    holder.append(lom)
    return holder
