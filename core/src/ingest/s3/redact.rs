//! What foreign errors say, fit to be shown: causes joined, secrets and control characters taken out.

use std::error::Error;

const DETAIL_CHARS_MAX: usize = 400;
const SECRET_CHARS_MIN: usize = 36;

/// An error and its causes, by their `Display` alone: `Debug` of the SDK's errors shows raw answers, which may repeat
/// signed headers.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        let said = cause.to_string();
        if !words.iter().any(|earlier| earlier.contains(&said)) {
            words.push(said);
        }
        next = cause.source();
    }
    redacted(&words.join(": "))
}

/// A text without anything that looks like a key or a token.
pub(super) fn redacted(text: &str) -> String {
    // The standard error of a `credential_process` is its author's, and may hold anything.
    let text = match text.split_once("Stderr:") {
        Some((before, _)) => format!("{before}its standard error is not shown"),
        None => text.to_owned(),
    };
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !is_token_char(c)) {
        let word = piece.trim_end_matches(|c: char| !is_token_char(c));
        if looks_secret(word) {
            shown.push_str("[not shown]");
            shown.push_str(&piece[word.len()..]);
        } else {
            shown.push_str(piece);
        }
    }
    let shown: String = shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match shown.char_indices().nth(DETAIL_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &shown[..at]),
        None => shown,
    }
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '/' | '+' | '=' | '-' | '_' | '%')
}

/// Access keys by their prefix; secrets and tokens by being long and mixed. Long paths are spared.
fn looks_secret(word: &str) -> bool {
    let access_key = word.len() >= 16
        && ["AKIA", "ASIA", "AROA", "AIDA"].iter().any(|prefix| word.starts_with(prefix))
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let mixed = word.bytes().any(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    access_key || (word.len() >= SECRET_CHARS_MIN && mixed && !word.starts_with('/'))
}

/// One of S3's error codes, or nothing: a code is a short word, and whatever else stands there is not repeated.
pub(super) fn code(text: Option<&str>) -> Option<String> {
    text.filter(|code| {
        !code.is_empty()
            && code.len() <= 48
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
    })
    .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tokens_and_foreign_output_are_taken_out() {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        for text in [
            format!("could not parse response: unexpected `{secret}` at 3"),
            format!("process exited with code 1. Stderr: token={secret}"),
            "unknown key AKIAIOSFODNN7EXAMPLE".to_owned(),
        ] {
            let shown = redacted(&text);
            assert!(!shown.contains("wJalr") && !shown.contains("AKIA"), "{shown}");
            assert!(shown.contains("not shown"), "{shown}");
        }
        let plain = "tcp connect error: Connection refused (os error 111) at /home/someone/.aws/sso/cache/0123456789abcdef.json";
        assert_eq!(redacted(plain), plain);
        assert!(!redacted("a\u{1b}[2Jb").contains('\u{1b}'));
        assert!(redacted(&"word ".repeat(500)).chars().count() <= DETAIL_CHARS_MAX + 1);
    }

    #[test]
    fn a_code_is_a_short_word() {
        assert_eq!(code(Some("SlowDown")).as_deref(), Some("SlowDown"));
        assert_eq!(code(Some("KMS.DisabledException")).as_deref(), Some("KMS.DisabledException"));
        assert_eq!(code(Some("<script>")), None);
        assert_eq!(code(Some(&"x".repeat(49))), None);
    }
}
