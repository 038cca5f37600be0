"""Names that come from somebody's disk, as text that can be kept, shown and compared.

File names may hold anything: bytes that are no UTF-8, line breaks, signs that turn the reading
direction round. What comes out here is valid Unicode without control signs. It is still a user's
text: whoever shows it as HTML or Markdown escapes it.
"""

import unicodedata

LONGEST_TEXT = 200
UNSEEN = dict.fromkeys(
    # These reorder what is shown, so that `gpj.exe` reads as `exe.jpg`.
    [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF],
    "�",
)


def safe_text(raw: str | bytes, *, longest: int = LONGEST_TEXT) -> str:
    """Turn a name from outside into text: NFC, no control or direction signs, no lone surrogates.

    Args:
        raw: The name; bytes that are no UTF-8 become `\\xNN`.
        longest: Most characters that are kept; a longer name ends in an ellipsis.

    Returns:
        Text that UTF-8 can write, without space at its ends; it may be empty.
    """
    if isinstance(raw, bytes):
        raw = raw.decode("utf-8", errors="backslashreplace")
    if raw.isascii() and raw.isprintable():
        # Nearly every name is; there may be 200,000 of them.
        return _cut(raw.strip(), longest=longest)
    # A name that is not UTF-8 comes from the system with surrogates for its odd bytes.
    encoded = raw.encode(
        "utf-8", errors="surrogateescape" if _only_escaped_bytes(raw) else "backslashreplace"
    )
    text = unicodedata.normalize("NFC", encoded.decode("utf-8", errors="backslashreplace").strip())
    text = text.translate(UNSEEN)
    text = "".join("�" if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text).strip()
    return _cut(text, longest=longest)


def _cut(text: str, *, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _only_escaped_bytes(text: str) -> bool:
    return all(0xDC80 <= ord(sign) <= 0xDCFF for sign in text if 0xD800 <= ord(sign) <= 0xDFFF)


def counted(number: int, thing: str, things: str = "") -> str:
    """Say a number of things: '1 picture', '1,200 pictures', '2 classes'."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
