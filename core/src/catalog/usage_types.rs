//! Usage types as bills and price lists have them.

/// A usage type without the region that AWS writes before it: `USE1-`, `EU-`, or the region's code spelled out.
///
/// ```
/// use farthing::catalog::usage_types::without_region;
/// assert_eq!(without_region("EUW2-NatGateway-Hours"), "NatGateway-Hours");
/// assert_eq!(without_region("EU-BoxUsage:m4.large"), "BoxUsage:m4.large");
/// assert_eq!(without_region("us-east-1-KMS-Keys"), "KMS-Keys");
/// assert_eq!(without_region("AW-HW-2"), "AW-HW-2");
/// ```
pub fn without_region(usage_type: &str) -> &str {
    let Some((first, rest)) = usage_type.split_once('-') else {
        return usage_type;
    };
    let bytes = first.as_bytes();
    let is_code = bytes.len() == 4 && bytes[..3].iter().all(u8::is_ascii_uppercase) && bytes[3].is_ascii_digit();
    if is_code || first == "EU" {
        return rest;
    }
    if bytes.len() == 2 && bytes.iter().all(u8::is_ascii_lowercase) {
        let digit = rest.find(|character: char| character.is_ascii_digit());
        if let Some(rest) = digit.and_then(|at| rest[at + 1..].strip_prefix('-')) {
            return rest;
        }
    }
    usage_type
}
