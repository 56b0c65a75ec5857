//! The keystore file: the words of one environment, encrypted under a passphrase.
//!
//! Argon2id makes guessing dear, XChaCha20-Poly1305 hides the words' entropy and notices every
//! change; the environment and all parameters are bound to it. A checksum without a key tells a
//! damaged file from a wrong passphrase before any guess is paid for.
//!
//! Invariant: a file is written whole or not at all, and no keystore is ever overwritten.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use domain::environment::Environment;
use domain::secret::Secret;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::hashes::hex;
use crate::keys::words::Words;

const VERSION: u32 = 1;
const FILE_BYTES_MAX: u64 = 16 * 1024;
const PASSPHRASE_BYTES_MAX: usize = 1024;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
/// What a file may ask for: a hostile one must not take the machine's memory or its day.
const MEMORY_KIB: std::ops::RangeInclusive<u32> = 8..=256 * 1024;
const PASSES: std::ops::RangeInclusive<u32> = 1..=16;
const LANES: u32 = 1;

/// What one guess at the passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    pub const STANDARD: Cost = Cost { memory_kib: 64 * 1024, passes: 3 };

    /// Next to nothing. Only tests may want it, so no configuration leads here.
    pub const fn negligible_for_tests() -> Cost {
        Cost { memory_kib: 8, passes: 1 }
    }
}

/// Bytes the caller drew from the operating system for one file.
pub struct FreshBytes {
    pub salt: [u8; SALT_BYTES],
    pub nonce: [u8; NONCE_BYTES],
}

#[derive(Debug, Error)]
pub enum KeystoreError {
    #[error("there is no keystore at {}", .0.display())]
    Missing(PathBuf),
    #[error("{} exists; a keystore is never overwritten", .0.display())]
    AlreadyExists(PathBuf),
    #[error("{}: {error}", .path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("the keystore is damaged: {0}")]
    Damaged(&'static str),
    #[error("the keystore is of version {0}, which this program does not know")]
    UnknownVersion(u32),
    #[error("the keystore is of {}, not of {}", .found.as_str(), .wanted.as_str())]
    OtherEnvironment { found: Environment, wanted: Environment },
    #[error("the passphrase does not open the keystore")]
    WrongPassphrase,
    #[error("a passphrase has 1 to {PASSPHRASE_BYTES_MAX} bytes")]
    UnusablePassphrase,
}

/// A keystore as it is on disk. Without its passphrase it tells nobody anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeystoreFile {
    version: u32,
    environment: Environment,
    created_at: String,
    kdf: Kdf,
    cipher: Cipher,
    /// SHA-256 of everything else: against bad disks, not against people.
    checksum: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    algorithm: KdfAlgorithm,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum KdfAlgorithm {
    #[serde(rename = "argon2id")]
    Argon2id,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cipher {
    algorithm: CipherAlgorithm,
    nonce: String,
    ciphertext: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum CipherAlgorithm {
    #[serde(rename = "xchacha20-poly1305")]
    XChaCha20Poly1305,
}

/// Where the keystore of an environment is.
pub fn path_in(data_dir: &Path, environment: Environment) -> PathBuf {
    data_dir.join(format!("keystore-{}.json", environment.as_str()))
}

impl KeystoreFile {
    pub fn seal(
        words: &Words,
        environment: Environment,
        passphrase: &Secret,
        cost: Cost,
        created_at: Timestamp,
        fresh: &FreshBytes,
    ) -> Result<KeystoreFile, KeystoreError> {
        let mut file = KeystoreFile {
            version: VERSION,
            environment,
            created_at: created_at.rfc3339(),
            kdf: Kdf {
                algorithm: KdfAlgorithm::Argon2id,
                memory_kib: cost.memory_kib,
                passes: cost.passes,
                lanes: LANES,
                salt: hex(&fresh.salt),
            },
            cipher: Cipher {
                algorithm: CipherAlgorithm::XChaCha20Poly1305,
                nonce: hex(&fresh.nonce),
                ciphertext: String::new(),
            },
            checksum: String::new(),
        };
        let cipher = file.kdf.cipher(passphrase)?;
        let entropy = words.entropy();
        let bound = file.bound_text();
        let payload = Payload { msg: &entropy, aad: bound.as_bytes() };
        let sealed = cipher.encrypt(XNonce::from_slice(&fresh.nonce), payload);
        file.cipher.ciphertext = hex(&sealed.expect("32 bytes are not too many to seal"));
        file.checksum = file.expected_checksum();
        Ok(file)
    }

    /// Reads what a file says, and checks that the file is whole.
    pub fn parse(bytes: &[u8]) -> Result<KeystoreFile, KeystoreError> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let damaged = |_| KeystoreError::Damaged("it is not the JSON of a keystore");
        let versioned: Versioned = serde_json::from_slice(bytes).map_err(damaged)?;
        if versioned.version != VERSION {
            return Err(KeystoreError::UnknownVersion(versioned.version));
        }
        let file: KeystoreFile = serde_json::from_slice(bytes).map_err(damaged)?;
        if file.checksum != file.expected_checksum() {
            return Err(KeystoreError::Damaged("its checksum does not match"));
        }
        Ok(file)
    }

    pub fn read(path: &Path) -> Result<KeystoreFile, KeystoreError> {
        let unreadable = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => KeystoreError::Missing(path.to_owned()),
            _ => KeystoreError::Unreadable { path: path.to_owned(), error },
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(KeystoreError::Damaged("it is larger than a keystore is"));
        }
        KeystoreFile::parse(&bytes)
    }

    /// The words, if the file is of this environment and the passphrase is right.
    pub fn open(
        &self,
        environment: Environment,
        passphrase: &Secret,
    ) -> Result<Words, KeystoreError> {
        if self.environment != environment {
            let found = self.environment;
            return Err(KeystoreError::OtherEnvironment { found, wanted: environment });
        }
        let nonce: [u8; NONCE_BYTES] = self.cipher.nonce()?;
        let sealed = unhex(&self.cipher.ciphertext)
            .ok_or(KeystoreError::Damaged("its ciphertext is not hexadecimal"))?;
        let cipher = self.kdf.cipher(passphrase)?;
        let bound = self.bound_text();
        let payload = Payload { msg: &sealed, aad: bound.as_bytes() };
        let entropy = cipher
            .decrypt(XNonce::from_slice(&nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| KeystoreError::WrongPassphrase)?;
        Words::from_entropy(&entropy).ok_or(KeystoreError::Damaged("it holds no words"))
    }

    /// Writes the file, open to its owner only. What is at the path already stays.
    pub fn create(&self, path: &Path) -> Result<(), KeystoreError> {
        let draft = path.with_extension(format!("draft-{}", self.cipher.nonce));
        let json = self.json();
        // A link, unlike a rename, fails where something is already.
        let link = || match std::fs::hard_link(&draft, path) {
            // FAT, which sticks are formatted with, has no links.
            Err(error) if error.kind() != ErrorKind::AlreadyExists => write_new(path, &json),
            linked => linked,
        };
        let written = write_new(&draft, &json).and_then(|()| link());
        // It is there unless it could not be made, which is told below.
        let _ = std::fs::remove_file(&draft);
        let synced = written.and_then(|()| match path.parent() {
            Some(directory) if !directory.as_os_str().is_empty() => {
                File::open(directory)?.sync_all()
            }
            Some(_) | None => File::open(".")?.sync_all(),
        });
        synced.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => KeystoreError::AlreadyExists(path.to_owned()),
            _ => KeystoreError::Unreadable { path: path.to_owned(), error },
        })
    }

    fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("text and numbers are JSON");
        text.push('\n');
        text
    }

    /// What the ciphertext is bound to: everything but itself and its nonce.
    fn bound_text(&self) -> String {
        let KeystoreFile { version, environment, created_at, kdf, cipher: _, checksum: _ } = self;
        let Kdf { algorithm: KdfAlgorithm::Argon2id, memory_kib, passes, lanes, salt } = kdf;
        format!(
            "pepay keystore\n{version}\n{}\n{created_at}\nargon2id {memory_kib} {passes} {lanes}\n\
             {salt}\n",
            environment.as_str(),
        )
    }

    fn expected_checksum(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.bound_text());
        hash.update(&self.cipher.nonce);
        hash.update("\n");
        hash.update(&self.cipher.ciphertext);
        hex(&hash.finalize())
    }
}

impl Kdf {
    /// The cipher under the passphrase: this is what takes its time.
    fn cipher(&self, passphrase: &Secret) -> Result<XChaCha20Poly1305, KeystoreError> {
        let passphrase = passphrase.expose().as_bytes();
        if passphrase.is_empty() || passphrase.len() > PASSPHRASE_BYTES_MAX {
            return Err(KeystoreError::UnusablePassphrase);
        }
        let is_bounded = MEMORY_KIB.contains(&self.memory_kib)
            && PASSES.contains(&self.passes)
            && self.lanes == LANES;
        if !is_bounded {
            return Err(KeystoreError::Damaged("it asks for an impossible effort"));
        }
        let salt = unhex(&self.salt).filter(|salt| salt.len() == SALT_BYTES);
        let salt = salt.ok_or(KeystoreError::Damaged("its salt is not 16 bytes"))?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None)
            .expect("the bounds are narrower than Argon2's own");
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase, &salt, key.as_mut_slice())
            .expect("passphrase, salt and key are of lengths Argon2 takes");
        Ok(XChaCha20Poly1305::new(key.as_slice().into()))
    }
}

impl Cipher {
    fn nonce(&self) -> Result<[u8; NONCE_BYTES], KeystoreError> {
        let nonce = unhex(&self.nonce).and_then(|nonce| nonce.try_into().ok());
        nonce.ok_or(KeystoreError::Damaged("its nonce is not 24 bytes"))
    }
}

/// Writes a file where there is none, and leaves none behind if it cannot be written whole.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.inspect_err(|_| {
        // What cannot be written will hardly be removed, and there is nobody else to tell.
        let _ = std::fs::remove_file(path);
    })
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(nibble(pair[0])? << 4 | nibble(pair[1])?).ok();
    digits.as_bytes().chunks_exact(2).map(byte).collect()
}
