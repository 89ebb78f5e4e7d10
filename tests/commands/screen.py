"""What a terminal shows: the text a program has written, after the control sequences in it have done their work.

It knows the sequences that rich writes, and fails on any other.
"""

import re

_TOKEN = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])|([\r\n\t\x08])|([^\x1b\r\n\t\x08]+)")


class Screen:
    """Lines from the first ever written on; nothing scrolls away. `is_cursor_shown` as the program has left it."""

    def __init__(self, written: str) -> None:
        self._lines: list[list[str]] = [[]]
        self._row = self._column = 0
        self.is_cursor_shown = True
        at = 0
        while at < len(written):
            token = _TOKEN.match(written, at)
            assert token is not None, f"an unknown control sequence: {written[at : at + 20]!r}"
            self._take(token)
            at = token.end()

    @property
    def lines(self) -> list[str]:
        """Without spaces at their ends, and without the empty lines at the end."""
        return "\n".join("".join(line).rstrip() for line in self._lines).rstrip("\n").split("\n")

    def _take(self, token: re.Match[str]) -> None:
        private, numbers, final, control, text = token.groups()
        if text:
            self._write(text)
        elif control:
            self._move(control)
        elif private:
            assert final in "hl"
            self.is_cursor_shown = final == "h" if numbers == "25" else self.is_cursor_shown
        elif final == "A":
            self._row = max(self._row - int(numbers or 1), 0)
        elif final == "K":
            self._lines[self._row] = [] if numbers == "2" else self._lines[self._row][: self._column]
        else:
            assert final == "m", f"an unknown control sequence: {token.group()!r}"

    def _move(self, control: str) -> None:
        if control == "\n":
            self._row += 1
            self._lines += [[]] * (self._row >= len(self._lines))
        elif control == "\r":
            self._column = 0

    def _write(self, text: str) -> None:
        line = self._lines[self._row]
        line += [" "] * (self._column - len(line))
        line[self._column : self._column + len(text)] = text
        self._column += len(text)
