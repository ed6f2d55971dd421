//! Hashes: what was read is named by the SHA-256 of its bytes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

const BLOCK_BYTES: usize = 1 << 20;

/// The SHA-256 of a file's bytes in hexadecimal, and how many bytes there were.
///
/// # Errors
/// [`Error::Io`] or [`Error::NotFound`] when it cannot be read.
pub fn sha256(path: &Path) -> Result<(String, u64)> {
    let mut file = File::open(path).map_err(|source| Error::io(path, source))?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK_BYTES];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut block).map_err(|source| Error::io(path, source))?;
        if read == 0 {
            break;
        }
        hasher.update(&block[..read]);
        bytes += read as u64;
    }
    let hex = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hex, bytes))
}
