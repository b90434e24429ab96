"""Bringing the components of several OpenAPI documents together under names that do not clash."""

import re
from typing import Any

Document = dict[str, Any]
Key = tuple[str, str]  # section and name, such as ("schemas", "UserOut")

_REFERENCE = re.compile(r"#/components/([^/]+)/([^/]+)")


class Components:
    def __init__(self, sections: Document) -> None:
        self._sections: dict[str, Document] = {name: dict(content) for name, content in sections.items()}

    def add_section(self, section: str, content: Document) -> None:
        self._sections.setdefault(section, {}).update(content)

    def take(self, prefix: str, document: Document) -> Document:
        """Add a document's components; give the document back with its references under their final names.

        What has the same name and the same content as something already here is shared; what has another
        content is renamed, and so is whatever refers to it.
        """
        own = {
            (section, name): content
            for section, entries in document.get("components", {}).items()
            if section != "securitySchemes"
            for name, content in entries.items()
        }
        renamed = self._renamed(prefix, own)
        for (section, name), content in own.items():
            final = renamed.get((section, name), name)
            self._sections.setdefault(section, {})[final] = _rewritten(content, renamed)
        rewritten: Document = _rewritten(document, renamed)
        return rewritten

    def used_by(self, paths: Document) -> Document:
        """The sections, without what neither `paths` nor anything they refer to needs."""
        wanted, found = _references(paths), set[Key]()
        while wanted:
            section, name = wanted.pop()
            found.add((section, name))
            wanted |= _references(self._sections.get(section, {}).get(name)) - found
        return {
            section: {
                name: content
                for name, content in entries.items()
                if section == "securitySchemes" or (section, name) in found
            }
            for section, entries in self._sections.items()
        }

    def _renamed(self, prefix: str, own: dict[Key, Any]) -> dict[Key, str]:
        clashing = {key for key, content in own.items() if self._get(key) not in (None, content)}
        while True:
            following = {
                key
                for key, content in own.items()
                if key not in clashing and self._get(key) is not None and _references(content) & clashing
            }
            if not following:
                break
            clashing |= following
        return {(section, name): prefix.capitalize() + name for section, name in clashing}

    def _get(self, key: Key) -> Any:
        return self._sections.get(key[0], {}).get(key[1])


def _references(node: Any) -> set[Key]:
    if isinstance(node, dict):
        return set[Key]().union(*(_references(value) for value in node.values()))
    if isinstance(node, list):
        return set[Key]().union(*(_references(value) for value in node))
    match = _REFERENCE.fullmatch(node) if isinstance(node, str) else None
    return {(match[1], match[2])} if match else set()


def _rewritten(node: Any, renamed: dict[Key, str]) -> Any:
    if isinstance(node, dict):
        return {name: _rewritten(value, renamed) for name, value in node.items()}
    if isinstance(node, list):
        return [_rewritten(value, renamed) for value in node]
    match = _REFERENCE.fullmatch(node) if isinstance(node, str) else None
    if match and (match[1], match[2]) in renamed:
        return f"#/components/{match[1]}/{renamed[match[1], match[2]]}"
    return node
