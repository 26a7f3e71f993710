"""Form data from a browser's `FormData`: `multipart/form-data`."""

from dataclasses import dataclass, field

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header  # type: ignore[import-untyped]  # it ships no types

from backend.errors import Invalid
from rpc.core.errors import MalformedRequest
from schemas.common import Issue

MAX_PARTS = 1000


@dataclass(slots=True, frozen=True)
class File:
    """An uploaded file. The sender chooses `filename`: never use it as a path."""

    filename: str
    content_type: str
    content: bytes


@dataclass(slots=True, frozen=True)
class FormData:
    """The fields and files of a form, by name; of a repeated name the first value."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the field's value. Raises Invalid when the form has none."""
        if name not in self.fields:
            raise Invalid(f"the form has no field {name!r}", issues=[Issue(pointer=f"/{name}", message="a text field is required")])
        return self.fields[name]

    def file(self, name: str) -> File:
        """Return the file. Raises Invalid when the form has none."""
        if name not in self.files:
            raise Invalid(f"the form has no file {name!r}", issues=[Issue(pointer=f"/{name}", message="a file is required")])
        return self.files[name]


def parse_form(content_type: str, body: bytes) -> FormData:
    """Parse a multipart body. Raises MalformedRequest when it is none."""
    _, options = parse_options_header(content_type)
    form = FormData()
    try:
        with PushMultipartParser(options.get("boundary", ""), content_length=len(body), max_segment_count=MAX_PARTS) as parser:
            for segment, content in _segments(parser, body):
                _keep(form, segment, content)
    except (MultipartError, UnicodeDecodeError) as error:
        raise MalformedRequest(f"the multipart body is unreadable: {error}") from error
    return form


def _segments(parser: PushMultipartParser, body: bytes) -> list[tuple[MultipartSegment, bytes]]:
    found: list[tuple[MultipartSegment, bytes]] = []
    chunks: list[bytes] = []
    for event in parser.parse(body):
        if isinstance(event, MultipartSegment):
            chunks = []
            current = event
        elif event is None:
            found.append((current, b"".join(chunks)))
        else:
            chunks.append(bytes(event))
    return found


def _keep(form: FormData, segment: MultipartSegment, content: bytes) -> None:
    if segment.filename is not None:
        file = File(filename=segment.filename, content_type=segment.content_type or "application/octet-stream", content=content)
        form.files.setdefault(segment.name, file)
    else:
        form.fields.setdefault(segment.name, content.decode(segment.charset or "utf-8"))
