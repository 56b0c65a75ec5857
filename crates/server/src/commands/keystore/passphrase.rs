//! The keystore's passphrase: from the environment, or typed at the terminal without an echo.
//!
//! It is asked for at the terminal itself and not at standard input, which `import` reads words
//! from. What is typed is wiped from memory, and the echo comes back however the reading ends.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};

use anyhow::{Context as _, bail};
use domain::secret::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::config::Config;

const TYPED_BYTES_MAX: u64 = 4096;

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
        return Ok(passphrase.clone());
    }
    let passphrase = typed("Passphrase for the new keystore: ")?;
    if typed("The same again: ")? != passphrase {
        bail!("the two passphrases differ");
    }
    Ok(passphrase)
}

fn typed(question: &str) -> anyhow::Result<Secret> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
    let mut terminal =
        terminal.context("there is no terminal to ask at: set PEPAY_KEYSTORE_PASSPHRASE")?;
    write!(terminal, "{question}")?;
    let silent = Silent::new(&terminal)?;
    let mut line = Zeroizing::new(String::with_capacity(TYPED_BYTES_MAX as usize));
    let read = BufReader::new((&terminal).take(TYPED_BYTES_MAX)).read_line(&mut line);
    drop(silent);
    writeln!(terminal)?;
    read.context("reading the passphrase")?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
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
        silent.local_modes.remove(LocalModes::ECHO);
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
