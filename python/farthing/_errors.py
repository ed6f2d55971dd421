"""What can go wrong: a small tree under `FarthingError`; every message names the thing at fault and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._certificate import Certificate


class FarthingError(Exception):
    """Anything that farthing could not do."""

    __module__ = "farthing"


class FileError(FarthingError, OSError):
    """The operating system refused to read or write."""

    __module__ = "farthing"


class NotFoundError(FileError, FileNotFoundError):
    """A path that was given does not exist."""

    __module__ = "farthing"


class RemoteError(FarthingError):
    """S3 cannot be read: credentials, a permission, the network, or a delivery that changed again and again."""

    __module__ = "farthing"


class BillError(FarthingError):
    """What was delivered cannot be read: it is no bill, or a file, column, manifest or invoice is in disorder."""

    __module__ = "farthing"


class QueryError(FarthingError, ValueError):
    """A question that cannot be answered: an unknown name, a filter that does not parse, currencies that do not add."""

    __module__ = "farthing"


class ReconciliationError(FarthingError):
    """A check that guards the figures failed, so no figure is given. `certificate` says which check, and why."""

    __module__ = "farthing"

    certificate: Certificate | None

    def __init__(self, message: str, certificate: Certificate | None = None) -> None:
        super().__init__(message)
        self.certificate = certificate
