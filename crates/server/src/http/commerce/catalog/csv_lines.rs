//! A file of records as it comes in: CSV as RFC 4180 has it, or one JSON object a line.
//!
//! Bytes are pushed as they arrive, records come out as soon as they are whole. What is broken is
//! named with its line, and reading goes on at the next line of the file: an open quote takes no
//! neighbour with it. Invariant: no more is held than one record and what was pushed last.

/// A record longer than this is no product.
const RECORD_BYTES_MAX: usize = 256 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    JsonLines,
}

/// Whether more bytes may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    NotYet,
    Reached,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// The cells of a CSV record, or the whole of a line.
    Record {
        line: u64,
        cells: Vec<String>,
    },
    Broken {
        line: u64,
        why: &'static str,
    },
}

pub struct Lines {
    format: Format,
    buffer: Vec<u8>,
    /// Where the next record begins in the buffer.
    at: usize,
    /// The line of the file it begins at, from 1.
    line: u64,
    /// The rest of a broken line has not come yet.
    is_skipping: bool,
    is_begun: bool,
}

/// What stands at the beginning of a text.
enum Parsed {
    Whole { cells: Vec<String>, bytes: usize, lines: u64 },
    Unfinished,
    Broken(&'static str),
}

impl Lines {
    pub fn new(format: Format) -> Lines {
        let buffer = Vec::new();
        Lines { format, buffer, at: 0, line: 1, is_skipping: false, is_begun: false }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The line the next record begins at.
    pub fn line(&self) -> u64 {
        self.line
    }

    pub fn next(&mut self, end: End) -> Option<Piece> {
        if !self.is_begun {
            if self.buffer.len() < BYTE_ORDER_MARK.len() && end == End::NotYet {
                return None;
            }
            self.is_begun = true;
            if self.buffer.starts_with(BYTE_ORDER_MARK) {
                self.at = BYTE_ORDER_MARK.len();
            }
        }
        loop {
            if self.is_skipping && !self.skip_line(end) {
                return None;
            }
            let rest = &self.buffer[self.at..];
            if rest.is_empty() {
                return None;
            }
            let line = self.line;
            let parsed = match self.format {
                Format::Csv => csv_record(rest, end),
                Format::JsonLines => json_line(rest, end),
            };
            let why = match parsed {
                Parsed::Whole { cells, bytes, lines } => {
                    self.at += bytes;
                    self.line += lines;
                    if cells.iter().all(|cell| cell.trim().is_empty()) {
                        continue;
                    }
                    return Some(Piece::Record { line, cells });
                }
                Parsed::Unfinished if rest.len() <= RECORD_BYTES_MAX => match end {
                    End::NotYet => return None,
                    End::Reached => "has a quote that is not closed",
                },
                Parsed::Unfinished => "is longer than 262144 bytes",
                Parsed::Broken(why) => why,
            };
            self.is_skipping = true;
            self.skip_line(end);
            return Some(Piece::Broken { line, why });
        }
    }

    /// Passes over the rest of a line; false: its end has not come yet.
    fn skip_line(&mut self, end: End) -> bool {
        match self.buffer[self.at..].iter().position(|byte| *byte == b'\n') {
            Some(position) => {
                self.at += position + 1;
                self.line += 1;
                self.is_skipping = false;
            }
            None => {
                self.at = self.buffer.len();
                // The last line of a file may have no end.
                if end == End::Reached {
                    self.line += 1;
                    self.is_skipping = false;
                }
            }
        }
        !self.is_skipping
    }
}

fn json_line(text: &[u8], end: End) -> Parsed {
    let (line, bytes) = match text.iter().position(|byte| *byte == b'\n') {
        Some(position) => (&text[..position], position + 1),
        None if end == End::Reached => (text, text.len()),
        None => return Parsed::Unfinished,
    };
    if line.len() > RECORD_BYTES_MAX {
        return Parsed::Broken("is longer than 262144 bytes");
    }
    match std::str::from_utf8(line) {
        Ok(line) => Parsed::Whole { cells: vec![line.trim().to_owned()], bytes, lines: 1 },
        Err(_) => Parsed::Broken("is not UTF-8"),
    }
}

fn csv_record(text: &[u8], end: End) -> Parsed {
    let (mut cells, mut at, mut lines) = (Vec::new(), 0, 0);
    loop {
        let cell = match text.get(at) {
            Some(b'"') => quoted(&text[at..], end),
            Some(_) | None => plain(&text[at..], end),
        };
        let (cell, bytes, newlines) = match cell {
            Cell::Whole { text, bytes, lines } => (text, bytes, lines),
            Cell::Unfinished => return Parsed::Unfinished,
            Cell::Broken(why) => return Parsed::Broken(why),
        };
        cells.push(cell);
        (at, lines) = (at + bytes, lines + newlines);
        if at > RECORD_BYTES_MAX {
            return Parsed::Broken("is longer than 262144 bytes");
        }
        match text.get(at) {
            Some(b',') => at += 1,
            Some(b'\n') => return Parsed::Whole { cells, bytes: at + 1, lines: lines + 1 },
            Some(b'\r') => match (text.get(at + 1), end) {
                (Some(b'\n'), _) => {
                    return Parsed::Whole { cells, bytes: at + 2, lines: lines + 1 };
                }
                (None, End::NotYet) => return Parsed::Unfinished,
                (Some(_), _) => return Parsed::Broken("has a carriage return in a cell"),
                (None, End::Reached) => {
                    return Parsed::Whole { cells, bytes: at + 1, lines: lines + 1 };
                }
            },
            Some(_) => return Parsed::Broken("has text after a closing quote"),
            None if end == End::Reached => {
                return Parsed::Whole { cells, bytes: at, lines: lines + 1 };
            }
            None => return Parsed::Unfinished,
        }
    }
}

enum Cell {
    Whole { text: String, bytes: usize, lines: u64 },
    Unfinished,
    Broken(&'static str),
}

impl Cell {
    fn of(text: Vec<u8>, bytes: usize, lines: u64) -> Cell {
        match String::from_utf8(text) {
            Ok(text) => Cell::Whole { text, bytes, lines },
            Err(_) => Cell::Broken("is not UTF-8"),
        }
    }
}

/// A cell without quotes around it; one in it is itself.
fn plain(text: &[u8], end: End) -> Cell {
    match text.iter().position(|byte| matches!(byte, b',' | b'\n' | b'\r')) {
        Some(position) => Cell::of(text[..position].to_vec(), position, 0),
        None if end == End::Reached => Cell::of(text.to_vec(), text.len(), 0),
        None => Cell::Unfinished,
    }
}

/// A cell in quotes; a quote in it is doubled.
fn quoted(text: &[u8], end: End) -> Cell {
    let (mut cell, mut at, mut lines) = (Vec::new(), 1, 0);
    while let Some(&byte) = text.get(at) {
        match (byte, text.get(at + 1)) {
            (b'"', Some(b'"')) => {
                cell.push(b'"');
                at += 2;
            }
            (b'"', None) if end == End::NotYet => return Cell::Unfinished,
            (b'"', _) => return Cell::of(cell, at + 1, lines),
            (byte, _) => {
                lines += u64::from(byte == b'\n');
                cell.push(byte);
                at += 1;
            }
        }
    }
    Cell::Unfinished
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a file that comes in pieces of every size, which must not matter.
    #[track_caller]
    fn check(format: Format, file: &str, expected: &[Piece]) {
        for size in 1..=file.len().max(1) {
            let mut lines = Lines::new(format);
            let mut found = Vec::new();
            for bytes in file.as_bytes().chunks(size) {
                lines.push(bytes);
                found.extend(std::iter::from_fn(|| lines.next(End::NotYet)));
            }
            found.extend(std::iter::from_fn(|| lines.next(End::Reached)));
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }

    fn record(line: u64, cells: &[&str]) -> Piece {
        Piece::Record { line, cells: cells.iter().map(|cell| (*cell).to_owned()).collect() }
    }

    #[test]
    fn cells_come_out_as_they_were_meant() {
        let file = "\u{feff}a,b\r\n\"x,\"\"y\"\"\n2\",\n\n5\" screen,\"\"\r\nlast,é";
        let expected = [
            record(1, &["a", "b"]),
            record(2, &["x,\"y\"\n2", ""]),
            record(5, &["5\" screen", ""]),
            record(6, &["last", "é"]),
        ];
        check(Format::Csv, file, &expected);
    }

    #[test]
    fn a_broken_line_takes_no_neighbour_with_it() {
        let file = "a,1\n\"b\"x,2\nc,3\n\"open,4\nd,5\ne,\"6\"\n";
        let expected = [
            record(1, &["a", "1"]),
            Piece::Broken { line: 2, why: "has text after a closing quote" },
            record(3, &["c", "3"]),
            Piece::Broken { line: 4, why: "has text after a closing quote" },
            record(5, &["d", "5"]),
            record(6, &["e", "6"]),
        ];
        check(Format::Csv, file, &expected);
    }

    #[test]
    fn a_last_line_without_an_end_is_a_line() {
        for file in ["a\nb", "a\nb\n", "a\n\"b", "a\n\"b\n", "a\nb\r"] {
            let mut lines = Lines::new(Format::Csv);
            lines.push(file.as_bytes());
            while lines.next(End::Reached).is_some() {}
            assert_eq!(lines.line() - 1, 2, "{file:?}");
        }
    }

    #[test]
    fn an_open_quote_at_the_end_is_told_of() {
        let expected = [
            record(1, &["a"]),
            Piece::Broken { line: 2, why: "has a quote that is not closed" },
            record(3, &["c"]),
        ];
        check(Format::Csv, "a\n\"b\nc", &expected);
    }

    #[test]
    fn lines_of_json_are_taken_as_they_are() {
        let expected = [record(1, &["{\"a\":1}"]), record(3, &["{"]), record(4, &["x"])];
        check(Format::JsonLines, "{\"a\":1}\r\n\n{\nx", &expected);
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let mut lines = Lines::new(Format::JsonLines);
        let mut found = Vec::new();
        for _ in 0..10 {
            lines.push(&[b'x'; 100_000]);
            found.extend(std::iter::from_fn(|| lines.next(End::NotYet)));
            assert!(lines.buffer.len() <= 2 * RECORD_BYTES_MAX);
        }
        lines.push(b"\n{}\n");
        found.extend(std::iter::from_fn(|| lines.next(End::Reached)));
        let broken = Piece::Broken { line: 1, why: "is longer than 262144 bytes" };
        assert_eq!(found, [broken, record(2, &["{}"])]);
    }
}
