"""A process's own log. Each record is one line, whatever names it contains; only a traceback has several lines."""

import logging
import re

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class OneLine(logging.Formatter):
    """Escapes control characters of a message, so that no name can end a line and start another."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        """Return the line of a record.

        >>> record = logging.LogRecord("hub", logging.INFO, "", 0, "group %s is halted", ("a\\n2026 INFO hub all is well",), None)
        >>> OneLine("%(message)s").format(record)
        'group a\\\\n2026 INFO hub all is well is halted'
        """
        return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), super().formatMessage(record))


def write_logs(level: int = logging.INFO) -> None:
    """Write this process's records to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(FORMAT))
    logging.basicConfig(level=level, handlers=[handler])
