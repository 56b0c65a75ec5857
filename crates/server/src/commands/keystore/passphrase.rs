//! The keystore's passphrase: from the environment, or typed at the terminal without an echo.
//!
//! It is asked for at the terminal itself and not at standard input, which `import` reads words
//! from. What is typed is wiped from memory, and the echo comes back however the reading ends:
//! while it is off, Ctrl-C is a character like any other, and gives up.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};

use anyhow::{Context as _, bail};
use domain::secret::Secret;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use crate::config::Config;

const TYPED_BYTES_MAX: usize = 4096;
/// Whoever gets hold of the file guesses as long as he likes.
const PASSPHRASE_BYTES_MIN: usize = 12;
const CTRL_C: u8 = 3;

/// The passphrase of a keystore there is.
pub fn known(config: &Config) -> anyhow::Result<Secret> {
    match &config.keystore_passphrase {
        Some(passphrase) => Ok(passphrase.clone()),
        None => typed("Passphrase of the keystore: "),
    }
}

/// The passphrase of a new keystore: typed twice, because a mistyped one would lock it for ever.
pub fn chosen(config: &Config) -> anyhow::Result<Secret> {
    if let Some(passphrase) = &config.keystore_passphrase {
        check_is_long(passphrase)?;
        return Ok(passphrase.clone());
    }
    let passphrase = typed("Passphrase for the new keystore: ")?;
    check_is_long(&passphrase)?;
    if typed("The same again: ")? != passphrase {
        bail!("the two passphrases differ");
    }
    Ok(passphrase)
}

fn check_is_long(passphrase: &Secret) -> anyhow::Result<()> {
    if passphrase.expose().len() < PASSPHRASE_BYTES_MIN {
        bail!("a new keystore's passphrase has at least {PASSPHRASE_BYTES_MIN} bytes");
    }
    Ok(())
}

fn typed(question: &str) -> anyhow::Result<Secret> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
    let mut terminal =
        terminal.context("there is no terminal to ask at: set PEPAY_KEYSTORE_PASSPHRASE")?;
    write!(terminal, "{question}")?;
    let silent = Silent::new(&terminal)?;
    let line = line(&terminal);
    drop(silent);
    writeln!(terminal)?;
    let line = line?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

/// A line, read byte by byte so that no buffer keeps it.
fn line(mut from: impl Read) -> anyhow::Result<Zeroizing<String>> {
    let mut typed = Zeroizing::new(Vec::with_capacity(TYPED_BYTES_MAX));
    let mut byte = Zeroizing::new([0u8]);
    while typed.len() < TYPED_BYTES_MAX {
        let count = from.read(byte.as_mut_slice()).context("reading the passphrase")?;
        match byte[0] {
            _ if count == 0 => break,
            CTRL_C => bail!("given up"),
            b'\n' => break,
            typed_byte => typed.push(typed_byte),
        }
    }
    let text = std::str::from_utf8(&typed).context("the passphrase is not UTF-8")?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A terminal that shows nothing of what is typed until this is dropped.
struct Silent<'a> {
    terminal: &'a File,
    before: Termios,
}

impl Silent<'_> {
    fn new(terminal: &File) -> anyhow::Result<Silent<'_>> {
        let before = tcgetattr(terminal).context("reading the terminal's settings")?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        // Without signals the terminal keeps Ctrl-C back until Enter, unless it ends a line.
        silent.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(terminal, OptionalActions::Flush, &silent).context("turning the echo off")?;
        Ok(Silent { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        // Nobody can be told: the terminal that fails is the one that would show it.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_it_ends_and_control_c_gives_up() {
        let read = |typed: &[u8]| line(typed).map(|line| line.to_string()).ok();
        let cases: [(&[u8], Option<&str>); 6] = [
            (b"correct horse\nmore", Some("correct horse")),
            (b"no end", Some("no end")),
            (b"", Some("")),
            (b"correct\x03 horse\n", None),
            (b"\x03", None),
            (b"\xff\n", None),
        ];
        for (typed, expected) in cases {
            assert_eq!(read(typed).as_deref(), expected, "{typed:?}");
        }
        assert_eq!(read(&[b'a'; 10_000]).map(|line| line.len()), Some(TYPED_BYTES_MAX));
    }
}
