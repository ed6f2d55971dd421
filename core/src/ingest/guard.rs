//! Decoders meet bytes that anyone may have written: their errors and panics become errors that name the file.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, Result};

/// Runs a decoder; its error or panic becomes an [`Error::Unreadable`] that names the file.
pub(super) fn guarded<T, E: Display>(
    file: &str,
    what: &str,
    decode: impl FnOnce() -> std::result::Result<T, E>,
) -> Result<T> {
    let unreadable = |detail: String| Error::Unreadable { file: file.to_owned(), detail };
    DECODING.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(false);
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(unreadable(format!("this is no whole {what} file ({error})"))),
        Err(panic) => Err(unreadable(format!("the {what} decoder gave up ({})", panic_text(panic.as_ref())))),
    }
}

/// Runs what makes sense of decoded rows; a panic becomes an [`Error::Unreadable`] that names the file.
pub(crate) fn guarded_rows(file: &str, read: impl FnOnce() -> Result<()>) -> Result<()> {
    guarded(file, "row", || Ok::<_, Error>(read()))?
}

thread_local! {
    static DECODING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether this thread is inside a decoder, whose panic becomes an [`Error::Unreadable`]: a program's panic hook
/// can keep quiet about it.
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// What a panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
}
