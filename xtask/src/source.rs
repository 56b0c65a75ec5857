//! A Rust file seen three ways, line by line: its code, its string contents, its comments.
//!
//! tidy's rules ask about one of the three: a clock read is code, SQL is a string, a reason is a
//! comment. Looking at the raw text would accuse every sentence that talks about a rule. This is
//! a scanner for exactly that split and no parser; what it does not need to know it passes on.

use std::iter::Peekable;
use std::str::Chars;

/// One line of a file, split by what its characters are.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Line {
    /// Everything but strings and comments; each of those leaves one space.
    pub code: String,
    /// What stands between quotes, pieces separated by a space.
    pub strings: String,
    pub comments: String,
}

#[derive(Clone, Copy)]
enum Mode {
    Code,
    LineComment,
    BlockComment { depth: u32 },
    Text,
    RawText { hashes: usize },
}

pub fn lines(text: &str) -> Vec<Line> {
    let mut scanner = Scanner {
        rest: text.chars().peekable(),
        mode: Mode::Code,
        lines: vec![Line::default()],
        word: String::new(),
    };
    while let Some(character) = scanner.rest.next() {
        scanner.take(character);
    }
    if text.ends_with('\n') {
        scanner.lines.pop();
    }
    scanner.lines
}

struct Scanner<'text> {
    rest: Peekable<Chars<'text>>,
    mode: Mode,
    lines: Vec<Line>,
    /// The identifier the code is in the middle of; tells `r"raw"` from `for"text"`.
    word: String,
}

impl Scanner<'_> {
    fn line(&mut self) -> &mut Line {
        self.lines.last_mut().expect("starts with one line and only ever grows")
    }

    fn take(&mut self, character: char) {
        if character == '\n' {
            if matches!(self.mode, Mode::LineComment) {
                self.mode = Mode::Code;
            }
            self.word.clear();
            self.lines.push(Line::default());
            return;
        }
        match self.mode {
            Mode::Code => self.take_code(character),
            Mode::LineComment => self.line().comments.push(character),
            Mode::BlockComment { depth } => self.take_block_comment(character, depth),
            Mode::Text => self.take_text(character),
            Mode::RawText { hashes } => self.take_raw_text(character, hashes),
        }
    }

    fn take_code(&mut self, character: char) {
        match character {
            '/' if self.rest.peek() == Some(&'/') => self.enter(Mode::LineComment),
            '/' if self.next_is('*') => self.enter(Mode::BlockComment { depth: 1 }),
            '"' if matches!(self.word.as_str(), "r" | "br" | "cr") => {
                self.enter(Mode::RawText { hashes: 0 });
            }
            '"' => self.enter(Mode::Text),
            '#' if matches!(self.word.as_str(), "r" | "br" | "cr") => self.take_hashes(),
            '\'' => self.take_quote(),
            _ => {
                if character.is_alphanumeric() || character == '_' {
                    self.word.push(character);
                } else {
                    self.word.clear();
                }
                self.line().code.push(character);
            }
        }
    }

    fn enter(&mut self, mode: Mode) {
        self.mode = mode;
        self.word.clear();
        let line = self.line();
        line.code.push(' ');
        match mode {
            Mode::Text | Mode::RawText { .. } => line.strings.push(' '),
            Mode::LineComment | Mode::BlockComment { .. } => line.comments.push(' '),
            Mode::Code => {}
        }
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.rest.next_if_eq(&wanted).is_some()
    }

    /// After `r`: either the hashes of a raw string or those of a raw identifier.
    fn take_hashes(&mut self) {
        let mut hashes = 1;
        while self.next_is('#') {
            hashes += 1;
        }
        if self.next_is('"') {
            self.enter(Mode::RawText { hashes });
        } else {
            self.word.clear();
            self.line().code.push('#');
        }
    }

    /// Either a character literal, which leaves a space, or a lifetime, which is code.
    fn take_quote(&mut self) {
        self.word.clear();
        let mut ahead = self.rest.clone();
        match ahead.next() {
            Some('\\') => {
                self.rest.next();
                self.rest.next();
                while self.rest.next_if(|character| *character != '\'').is_some() {}
                self.rest.next();
                self.line().code.push(' ');
            }
            Some(_) if ahead.next() == Some('\'') => {
                self.rest.next();
                self.rest.next();
                self.line().code.push(' ');
            }
            _ => self.line().code.push('\''),
        }
    }

    fn take_block_comment(&mut self, character: char, depth: u32) {
        if character == '/' && self.next_is('*') {
            self.mode = Mode::BlockComment { depth: depth + 1 };
        } else if character == '*' && self.next_is('/') {
            self.mode = match depth {
                1 => Mode::Code,
                _ => Mode::BlockComment { depth: depth - 1 },
            };
        } else {
            self.line().comments.push(character);
        }
    }

    fn take_text(&mut self, character: char) {
        match character {
            '"' => self.mode = Mode::Code,
            '\\' => {
                self.line().strings.push(' ');
                // A backslash before the line's end continues the string on the next line.
                self.rest.next_if(|escaped| *escaped != '\n');
            }
            _ => self.line().strings.push(character),
        }
    }

    fn take_raw_text(&mut self, character: char, hashes: usize) {
        if character == '"' {
            let closes = self.rest.clone().take(hashes).filter(|next| *next == '#').count();
            if closes == hashes {
                for _ in 0..hashes {
                    self.rest.next();
                }
                self.mode = Mode::Code;
                return;
            }
        }
        self.line().strings.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    /// The three views of a one-line text, with runs of spaces made one.
    fn check(text: &str, code: &str, strings: &str, comments: &str) {
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines = lines(text);
        assert_eq!(lines.len(), 1, "{text}");
        assert_eq!(squeeze(&lines[0].code), code, "code of {text}");
        assert_eq!(squeeze(&lines[0].strings), strings, "strings of {text}");
        assert_eq!(squeeze(&lines[0].comments), comments, "comments of {text}");
    }

    #[test]
    fn code_strings_and_comments_are_told_apart() {
        check("let a = 1; // why", "let a = 1;", "", "/ why");
        check("f(\"a // b\")", "f( )", "a // b", "");
        check(r#"f("a \" b", c)"#, "f( , c)", "a b", "");
        check("a /* b /* c */ d */ e", "a e", "", "b c d");
        check("let c = '\"'; let d = 1;", "let c = ; let d = 1;", "", "");
        check(r"let c = '\''; d", "let c = ; d", "", "");
        check(r"let c = '\u{1F600}'; d", "let c = ; d", "", "");
        check("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)", "", "");
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        check(r##"f(r#"a "b" c"#, d)"##, "f(r , d)", "a \"b\" c", "");
        check(r#"f(br"a\", d)"#, "f(br , d)", "a\\", "");
        check("r#type = 1", "r#type = 1", "", "");
    }

    #[test]
    fn a_string_may_run_over_several_lines() {
        let lines = lines("f(\"one \\\n  two\",\n3)\n");
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].strings.trim(), "one");
        assert_eq!(lines[1].strings.trim(), "two");
        assert_eq!(lines[2].code, "3)");
    }
}
