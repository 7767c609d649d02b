"""Checkpoints as objects, one for each, where the database's owners cannot write."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from pyarrow.fs import FileSelector, FileSystem, FileType, LocalFileSystem

from runtime.audit.checkpoints import Checkpoint, decoded
from runtime.audit.places import Found

READERS = 8
SUFFIX = ".json"
# Small objects go in one request; Arrow would take three.
_IN_ONE_REQUEST = "allow_delayed_open=true"


@dataclass(frozen=True, slots=True)
class Objects:
    """An object for each end of the chain: no other end has its name, so none is written over."""

    filesystem: FileSystem
    folder: str
    name: str

    @classmethod
    def at(cls, url: str) -> "Objects":
        """`s3://bucket/folder`, `file:///folder` and what else Arrow knows; `ValueError` if not.

        Keys may stand in the address: neither errors nor the place's name show them.
        """
        parts = urlsplit(url)
        if parts.scheme == "s3":
            query = f"{parts.query}&{_IN_ONE_REQUEST}" if parts.query else _IN_ONE_REQUEST
            url = parts._replace(query=query).geturl()
        try:
            filesystem, folder = FileSystem.from_uri(url)
        except ValueError:
            raise ValueError(f"an address with {parts.scheme or 'nothing'}: is not known") from None
        if not folder:
            raise ValueError("it names no bucket")
        return cls(filesystem, folder, f"{parts.scheme}://{folder}")

    def add(self, checkpoint: Checkpoint) -> None:
        """Write its object, where it is not there already."""
        if isinstance(self.filesystem, LocalFileSystem):
            self.filesystem.create_dir(self.folder, recursive=True)
        path = f"{self.folder}/{checkpoint.count:015d}-{checkpoint.head[:16]}{SUFFIX}"
        with self.filesystem.open_output_stream(path) as stream:
            stream.write(msgspec.json.encode(checkpoint) + b"\n")

    def found(self) -> Iterator[Found]:
        """Every object, some read at a time."""
        listed = self.filesystem.get_file_info(FileSelector(self.folder, allow_not_found=True))
        paths = sorted(
            each.path for each in listed if each.type == FileType.File and SUFFIX in each.path
        )
        with ThreadPoolExecutor(READERS) as pool:
            for path, content in zip(paths, pool.map(self._content, paths), strict=True):
                yield Found(path, decoded(content))

    def _content(self, path: str) -> bytes:
        with self.filesystem.open_input_stream(path) as stream:
            return bytes(stream.read())
