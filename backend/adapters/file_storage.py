"""The storage of the hub's files: the data folder, or object storage."""

from backend.adapters.local_files import LocalFiles
from backend.adapters.object_files import ObjectFiles
from backend.ports import Files
from backend.settings import BadSetting, Settings


def open_files(settings: Settings) -> Files:
    """Open the storage that `TILTYARD_FILES_URL` names. Raises BadSetting."""
    if settings.files_url is None:
        return LocalFiles(settings.data_dir)
    try:
        return ObjectFiles(settings.files_url, settings.data_dir / "cache")
    except Exception as error:  # the library's own errors have several kinds
        raise BadSetting(f"TILTYARD_FILES_URL cannot be used: {error}.") from error
