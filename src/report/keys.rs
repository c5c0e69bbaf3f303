//! The key at rest: what personal columns, the state of attendance and the cache are encrypted with, if there is one.
//!
//! One key of 256 bits for all that an office keeps. Each use has a key of its own, derived from it, so that none tells another. What is
//! encrypted names its key by a short mark, so that a wrong key is told and not taken for damage.

use std::io;
use std::path::Path;
use std::sync::OnceLock;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;

/// The environment variable that holds the key.
pub const KEY: &str = "XUEJI_KEY";
/// The environment variable that names the file of the key.
pub const KEY_FILE: &str = "XUEJI_KEY_FILE";

const BYTES: usize = 32;

/// A secret key.
#[derive(Clone)]
pub struct Key([u8; BYTES]);

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Key({})", self.mark())
    }
}

/// A key that can't be used, or something that can't be opened by it.
#[derive(Debug, Error)]
pub enum KeyError {
    /// A file that can't be read.
    #[error("can't read the key file {path}: {error}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// It is not what it should be.
    #[error("{0} holds no key: it should be 64 hexadecimal digits, such as `openssl rand -hex 32` makes")]
    Content(String),
    /// Others may read it.
    #[error("{0} may be read by others: `chmod 600` it first")]
    Open(String),
    /// There is none.
    #[error("{0} is encrypted: name its key by --key-file, {KEY_FILE} or {KEY}")]
    None(String),
    /// It is another one.
    #[error("{what} is encrypted with the key {wanted}, and this is {given}")]
    Other {
        /// What can't be opened.
        what: String,
        /// The mark of its key.
        wanted: String,
        /// The mark of the one at hand.
        given: String,
    },
}

impl Key {
    /// Reads 64 hexadecimal digits; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().as_bytes();
        let mut key = [0; BYTES];
        if digits.len() != BYTES * 2 {
            return None;
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'))?, 16).ok()?;
        }
        Some(Self(key))
    }

    /// Reads the file of a key, which only its owner may read.
    ///
    /// # Errors
    /// It can't be read, others may read it, or it holds no key.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| KeyError::Read { path: shown.clone(), error })?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            if std::fs::metadata(path).is_ok_and(|own| own.permissions().mode() & 0o077 != 0) {
                return Err(KeyError::Open(shown));
            }
        }
        Self::parse(&text).ok_or(KeyError::Content(shown))
    }

    /// The key for one use of it.
    pub fn of(&self, purpose: &str) -> [u8; BYTES] {
        blake3::Hasher::new_derive_key("xueji key at rest, by purpose").update(&self.0).update(purpose.as_bytes()).finalize().into()
    }

    /// What tells keys apart and tells nothing of them.
    pub fn mark(&self) -> String {
        self.of("mark").iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether this is the key with a mark.
    ///
    /// # Errors
    /// It is another.
    pub fn has_mark(&self, mark: &str, what: &str) -> Result<(), KeyError> {
        if self.mark() == mark {
            return Ok(());
        }
        Err(KeyError::Other { what: what.to_owned(), wanted: mark.to_owned(), given: self.mark() })
    }

    fn sealing(&self, purpose: &str) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.of(purpose)).ok().map(LessSafeKey::new)
    }

    /// Encrypts bytes so that a change of any of them shows.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn seal(&self, purpose: &str, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let refused = || io::Error::other("encryption is not to be had");
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| refused())?;
        let key = self.sealing(purpose).ok_or_else(refused)?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes).map_err(|_| refused())?;
        bytes.extend_from_slice(&nonce);
        Ok(bytes)
    }

    /// The bytes that were encrypted; `None` with another key, for another purpose, or after a change.
    pub fn open(&self, purpose: &str, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let nonce = bytes.split_off(bytes.len().checked_sub(NONCE_LEN)?);
        let nonce = Nonce::try_assume_unique_for_key(&nonce).ok()?;
        let plain = self.sealing(purpose)?.open_in_place(nonce, Aad::empty(), &mut bytes).ok()?.len();
        bytes.truncate(plain);
        Some(bytes)
    }
}

/// A process knows one key, as it is asked for wherever a published file is opened.
static KEY_AT_HAND: OnceLock<Option<Key>> = OnceLock::new();

/// Says once with which key this process writes and reads, if with one.
pub fn use_key(key: Option<Key>) {
    // The first word counts: nothing changes its key midway.
    let _ = KEY_AT_HAND.set(key);
}

/// The key of this process.
pub fn at_hand() -> Option<&'static Key> {
    KEY_AT_HAND.get().and_then(Option::as_ref)
}

/// The key of this process, which has to be the one with a mark.
///
/// # Errors
/// There is none, or it is another.
pub fn with_mark(mark: &str, what: &str) -> Result<&'static Key, KeyError> {
    let key = at_hand().ok_or_else(|| KeyError::None(what.to_owned()))?;
    key.has_mark(mark, what)?;
    Ok(key)
}

/// The key of a file, then of the environment, by a file's name or itself; none where nobody names one.
///
/// # Errors
/// The one that is named can't be used.
pub fn find(file: Option<&Path>) -> Result<Option<Key>, KeyError> {
    if let Some(file) = file {
        return Key::load(file).map(Some);
    }
    if let Some(file) = std::env::var_os(KEY_FILE).filter(|file| !file.is_empty()) {
        return Key::load(Path::new(&file)).map(Some);
    }
    match std::env::var(KEY) {
        Ok(text) if !text.is_empty() => Key::parse(&text).map(Some).ok_or_else(|| KeyError::Content(KEY.to_owned())),
        _ => Ok(None),
    }
}

/// What a file begins with that is encrypted.
const SEALED: &[u8] = b"xueji sealed 1\n";

/// Bytes as they are kept: encrypted where there is a key at hand.
///
/// # Errors
/// The system gives no random numbers.
pub fn kept(purpose: &str, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    match at_hand() {
        Some(key) => Ok([SEALED, &key.seal(purpose, bytes)?].concat()),
        None => Ok(bytes),
    }
}

/// The bytes that were kept; `None` where they are encrypted and can't be opened. With a key at hand only what it sealed is trusted.
pub fn known(purpose: &str, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    match at_hand() {
        Some(key) if bytes.starts_with(SEALED) => key.open(purpose, bytes.split_off(SEALED.len())),
        None if !bytes.starts_with(SEALED) => Some(bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_and_purpose_alone() {
        let key = Key::parse(&"0f".repeat(32)).unwrap();
        let other = Key::parse(&"1f".repeat(32)).unwrap();
        let sealed = key.seal("a", b"310104".to_vec()).unwrap();
        assert!(!sealed.windows(6).any(|bytes| bytes == b"310104"));
        assert_eq!(key.open("a", sealed.clone()).as_deref(), Some(&b"310104"[..]));
        assert_eq!((other.open("a", sealed.clone()), key.open("b", sealed.clone())), (None, None));
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(key.open("a", changed), None, "byte {place}");
        }
        assert_eq!(key.open("a", sealed[..5].to_vec()), None);
        assert_ne!(sealed, key.seal("a", b"310104".to_vec()).unwrap(), "no two are alike");
    }

    #[test]
    fn a_key_is_64_hexadecimal_digits() {
        assert!(Key::parse(&format!("{}\n", "Ab".repeat(32))).is_some());
        for wrong in [String::new(), "ab".repeat(31), "zz".repeat(32), "+1".repeat(32), "学".repeat(32)] {
            assert!(Key::parse(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn keys_of_purposes_differ_and_marks_tell_keys_apart() {
        let (one, other) = (Key::parse(&"00".repeat(32)).unwrap(), Key::parse(&"01".repeat(32)).unwrap());
        assert_ne!(one.of("a"), one.of("b"));
        assert_ne!(one.mark(), other.mark());
        assert_eq!(one.mark().len(), 8);
        assert!(one.has_mark(&one.mark(), "x").is_ok() && one.has_mark(&other.mark(), "x").is_err());
    }
}
