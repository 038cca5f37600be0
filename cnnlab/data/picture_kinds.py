"""Sentences on files that cannot be read as pictures: what each is by its beginning, or what is wrong with it.

Only bytes and messages are looked at; this module never decodes anything.
"""

KINDS = "JPEG, PNG, WebP, BMP, GIF, TIFF or AVIF"
"""What is read, for sentences."""

PICTURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
)
"""How pictures begin that are read where they are whole."""
OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML file, perhaps an SVG drawing"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"8BPS", "a Photoshop file"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"%!PS", "a PostScript file"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\xd7\xcd\xc6\x9a", "a drawing of Windows (WMF)"),
    (b"\x01\x00\x00\x00\x6c\x00\x00\x00", "a drawing of Windows (EMF)"),
)
"""What else lies in folders of pictures, or is called like one; compared without regard to capitals."""
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
LFS = b"version https://git-lfs"

REASONS: tuple[tuple[str, str], ...] = (
    ("too large for pngimageplugin", "a text or a colour profile in it unpacks to very much"),
    ("too much memory used in text", "the texts in it unpack to very much"),
    ("truncated", "its end is missing"),
    ("not enough image data", "its end is missing"),
    *(
        (said, "its pixels cannot be unpacked")
        for said in (
            "broken data stream",
            "cannot load this image",
            "codec configuration error",
            "could not create decoder object",
            "decoder error",
            "failed to decode",
            "failed to read next frame",
            "tile cannot extend",
            "unrecognized data stream",
        )
    ),
)
"""What libraries say, in small letters, and what a person makes of it."""


def what_it_is(data: bytes) -> str:
    """Say what a file is that no decoder takes for a picture."""
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(LFS):
        return (
            "It is a placeholder of Git LFS, not the file itself. Fetch the files with 'git lfs pull' first."
        )
    for beginning, kind in OTHERS:
        if start.lower().startswith(beginning.lower()):
            but = (
                "which cannot be read here" if kind.endswith("picture") else "not a picture that can be read"
            )
            return f"It is {kind}, {but}. Save it as {KINDS}."
    if data[4:8] == b"ftyp" and data[8:12] in HEIC:
        return f"It is a HEIC picture, which cannot be read here. Save it as {KINDS}."
    if data[4:8] == b"ftyp" and not data[8:12].startswith(b"avi"):
        return f"It is a video, not a picture that can be read. Save single pictures of it as {KINDS}."
    if kind := _picture(data):
        return (
            f"It begins as a picture of the kind {kind}, but its header is damaged, or of a sort that is not read. "
            f"Save it again in another program, or leave it out."
        )
    return f"It is no picture, or too damaged to recognise. Pictures are {KINDS}."


def what_is_wrong(error: Exception) -> str:
    """Say in a few words what stopped a decoder, from what it said."""
    text = " ".join(str(error).split())[:120].rstrip(".")
    for said, meant in REASONS:
        if said in text.lower():
            return meant
    return f"{type(error).__name__} ({text})" if text else type(error).__name__


def _picture(data: bytes) -> str:
    """The kind of picture that a file begins as, or ''."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return "AVIF"
    if data[:2] == b"BM" and data[6:10] == bytes(4):
        return "BMP"
    return next((kind for beginning, kind in PICTURES if data.startswith(beginning)), "")
