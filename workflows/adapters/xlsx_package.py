"""An xlsx file as a package of parts (ECMA-376 part 2): opened with care, saved with the rest untouched."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib

from workflows.adapters.xlsx_markup import Damaged, Node, as_utf8, changed, parse, spliced

MAX_BYTES = 300 * 1024 * 1024
"""Of all parts, uncompressed: a workbook ten times the largest that a coordination could fill."""
MAX_PARTS = 10_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError)
"""What zipfile raises for an entry that is cut, encrypted or packed in another way."""
_CONTENT_TYPES = "[Content_Types].xml"


class NotXlsx(Exception):
    """The file is something else than an xlsx workbook: `what` it is and the `remedy`, in French."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class Package:
    """The parts by name; those that nobody puts come out as they were, in their order."""

    def __init__(self, content: bytes) -> None:
        """Raises NotXlsx for another kind of file, Damaged for a broken one."""
        if content.startswith(_OLE):
            raise _ole(content)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Damaged("not a zip file") from error
        self._check_size()
        self._names = {info.filename.casefold(): info.filename for info in self._zip.infolist()}
        self._put: dict[str, bytes] = {}
        self.workbook = self._find_workbook()

    def part(self, name: str) -> bytes:
        """A part's bytes (UTF-16 ones as UTF-8). Raises Damaged."""
        stored = self._names.get(name.casefold())
        if stored is None:
            raise Damaged(f"no part {name}")
        if stored in self._put:
            return self._put[stored]
        return as_utf8(self._stored(stored))

    def has(self, name: str) -> bool:
        return name.casefold() in self._names

    def put(self, name: str, data: bytes) -> None:
        """Replace this part."""
        self._put[self._names[name.casefold()]] = data

    def add_related(self, source: str, name: str, kind: str, content_type: str, data: bytes) -> str:
        """Add a part, declare its content type and relate `source` to it; the relation's id."""
        self._names[name.casefold()] = name
        self._put[name] = data
        self._declare(name, content_type)
        path = _relations_path(source)
        root = parse(self.part(path))
        taken = {node.attributes.get("Id") for node in root.children}
        number = next(n for n in range(1, len(taken) + 2) if f"rId{n}" not in taken)
        family = relationship_namespace(parse(self.part(self.workbook)))
        target = posixpath.relpath(name, posixpath.dirname(source))
        relation = f'<{root.prefix}Relationship Id="rId{number}" Type="{family}/{kind}" Target="{target}"/>'
        self.put(path, spliced(self.part(path), changed(self.part(path), root, appended=relation)))
        return f"rId{number}"

    def related(self, source: str) -> dict[str, tuple[str, str]]:
        """The internal relations of a part: id → (last word of its type, part's name)."""
        path = _relations_path(source)
        if not self.has(path):
            return {}
        relations: dict[str, tuple[str, str]] = {}
        for node in parse(self.part(path)).children:
            target = node.attributes.get("Target", "")
            if node.attributes.get("TargetMode") != "External" and target:
                kind = node.attributes.get("Type", "").rpartition("/")[2]
                relations[node.attributes.get("Id", "")] = (kind, _resolved(source, target))
        return relations

    def related_part(self, kind: str) -> str | None:
        """The name of the workbook's first part of this kind, if it has one."""
        found = self.related(self.workbook).values()
        return next((name for word, name in found if word == kind and self.has(name)), None)

    def to_bytes(self) -> bytes:
        """The whole package, parts in their order, new ones at the end."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
            for info in self._zip.infolist():
                data = self._put.get(info.filename)
                target.writestr(_entry(info), self._stored(info.filename) if data is None else data)
            old = set(self._zip.namelist())
            for name, data in self._put.items():
                if name not in old:
                    target.writestr(_entry(zipfile.ZipInfo(name)), data)
        return out.getvalue()

    def _stored(self, name: str) -> bytes:
        try:
            return self._zip.read(name)
        except _UNREADABLE as error:
            raise Damaged(f"part {name}: {error}") from error

    def _check_size(self) -> None:
        infos = self._zip.infolist()
        if len(infos) > MAX_PARTS or sum(info.file_size for info in infos) > MAX_BYTES:
            raise NotXlsx(
                "contient, une fois décompressé, bien plus de données qu’un classeur de travail.",
                "Copiez les onglets utiles dans un nouveau classeur, ou reprenez une sauvegarde.",
            )

    def _find_workbook(self) -> str:
        if self.has("mimetype") and b"opendocument" in self.part("mimetype"):
            raise NotXlsx(
                "est un classeur OpenDocument (.ods), même s’il porte un autre nom.",
                "Ouvrez-le puis enregistrez-le au format « Classeur Excel (.xlsx) ».",
            )
        for kind, name in self.related("").values():
            if kind == "officeDocument" and self.has(name) and name.endswith(".bin"):
                raise NotXlsx(
                    "est un classeur Excel binaire (.xlsb).",
                    "Ouvrez-le puis enregistrez-le au format « Classeur Excel (.xlsx) ».",
                )
            if kind == "officeDocument" and self.has(name):
                if parse(self.part(name)).name == "workbook":
                    return name
                raise NotXlsx("n’est pas un classeur.", "Indiquez dans general.toml le bon fichier .xlsx.")
        raise Damaged("no workbook part")

    def _declare(self, name: str, content_type: str) -> None:
        data = self.part(_CONTENT_TYPES)
        root = parse(data)
        override = f'<{root.prefix}Override PartName="/{name}" ContentType="{content_type}"/>'
        self.put(_CONTENT_TYPES, spliced(data, changed(data, root, appended=override)))


def new_package(workbook: str) -> bytes:
    """A package that holds this workbook part and nothing else."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
    )
    relation = f'<Relationship Id="rId1" Type="{office}" Target="xl/workbook.xml"/>'
    parts = {
        _CONTENT_TYPES: types,
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONSHIPS}">{relation}</Relationships>',
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONSHIPS}"/>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, text in parts.items():
            target.writestr(_entry(zipfile.ZipInfo(name)), XML_DECLARATION + text)
    return out.getvalue()


XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def relationship_namespace(node: Node) -> str:
    """The namespace of `r:id` that a workbook part declares: the transitional or the strict one."""
    found = (value for value in node.attributes.values() if value.endswith("/relationships"))
    return next(found, "http://schemas.openxmlformats.org/officeDocument/2006/relationships")


def _entry(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The same entry (name, date, attributes) with nothing of the old one's sizes and flags."""
    entry = zipfile.ZipInfo(info.filename, info.date_time)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = info.external_attr
    return entry


def _ole(content: bytes) -> NotXlsx:
    if "EncryptedPackage".encode("utf-16-le") in content:
        return NotXlsx(
            "est protégé par un mot de passe.",
            "Ouvrez-le, retirez le mot de passe à l’ouverture, puis enregistrez-le.",
        )
    return NotXlsx(
        "est un ancien classeur Excel (.xls), même s’il porte un autre nom.",
        "Ouvrez-le puis enregistrez-le au format « Classeur Excel (.xlsx) ».",
    )


def _relations_path(source: str) -> str:
    folder, name = posixpath.split(source)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _resolved(source: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
