//! What commands write for people.

use std::io::{self, IsTerminal as _, Stdout, Write};

use toran_domain::is_unseen;

/// A mark that ends a stretch of Hebrew, so that a terminal does not draw the next column on its other side.
const LEFT_TO_RIGHT: char = '\u{200E}';

/// Standard output, as commands write to it.
///
/// A name may have come from outside before it was cleaned at the door: what hides or turns the text around it, and what a
/// terminal takes for a command, does not get through. In a terminal, Hebrew ends where its column ends.
#[derive(Debug)]
pub struct Output<W> {
    inner: W,
    /// Whether marks are written.
    is_terminal: bool,
    /// Whether the last letter or digit was Hebrew or Arabic.
    ends_right_to_left: bool,
    /// Spaces in a row, up to here.
    spaces: usize,
}

impl Output<Stdout> {
    /// The process's own.
    pub fn standard() -> Self {
        let inner = io::stdout();
        let is_terminal = inner.is_terminal();
        Self::new(inner, is_terminal)
    }
}

impl<W: Write> Output<W> {
    /// Over any writer; `is_terminal` says whether it is drawn from left to right.
    pub const fn new(inner: W, is_terminal: bool) -> Self {
        Self {
            inner,
            is_terminal,
            ends_right_to_left: false,
            spaces: 0,
        }
    }

    fn shown(&mut self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        for letter in text.chars().filter(|letter| passes(*letter)) {
            // Columns are two spaces apart.
            self.spaces = if letter == ' ' { self.spaces + 1 } else { 0 };
            let ends_a_column = self.spaces == 2 || matches!(letter, '\n' | '\t');
            if self.is_terminal && self.ends_right_to_left && ends_a_column {
                shown.push(LEFT_TO_RIGHT);
                self.ends_right_to_left = false;
            }
            if is_right_to_left(letter) {
                self.ends_right_to_left = true;
            } else if letter.is_alphanumeric() {
                self.ends_right_to_left = false;
            }
            shown.push(letter);
        }
        shown
    }
}

/// Line ends and tabs are the only control characters that a command writes.
fn passes(letter: char) -> bool {
    !is_unseen(letter) && (!letter.is_control() || matches!(letter, '\n' | '\r' | '\t'))
}

/// Whether a letter is drawn from right to left.
const fn is_right_to_left(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

impl<W: Write> Write for Output<W> {
    /// Takes whole texts: a formatter writes nothing else.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let shown = self.shown(&String::from_utf8_lossy(bytes));
        self.inner.write_all(shown.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, is_terminal: bool, expected: &str) {
        let mut written = Vec::new();
        write!(Output::new(&mut written, is_terminal), "{text}").unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }

    #[test]
    fn what_turns_or_hides_text_does_not_get_through() {
        check("דנה\u{202e}gnp\u{2066}\u{200b}\n", false, "דנהgnp\n");
        check("\u{1b}[2Jדנה\u{7}\n", true, "[2Jדנה\u{200E}\n");
    }

    #[test]
    fn in_a_terminal_hebrew_ends_with_its_column() {
        let row = "01a2  מספרת דנה  +972312 34567\nשלום";
        check(row, false, row);
        check(row, true, "01a2  מספרת דנה \u{200E} +972312 34567\nשלום");
        check("ביום שלישי בשעה 10:30\n", true, "ביום שלישי בשעה 10:30\n");
    }
}
