//! The least that credentials must be allowed, as an IAM policy.

use serde_json::{Value, json};

use super::uri::S3Uri;
use crate::ingest::bucket::export_root;
use crate::ingest::manifest::is_manifest;

/// The IAM policy that reading one export needs, and nothing more.
///
/// `uri` is the export's folder, a manifest in it, which stands for all of it, or a single file. The folder's trailing
/// slash in the resources is what keeps out siblings whose names begin alike. `kms_key` is the ARN of the key that
/// encrypts the bucket, if one does.
///
/// ```
/// # use farthing::ingest::s3::{S3Uri, iam_policy};
/// let policy = iam_policy(&S3Uri::parse("s3://bills/cur/report")?, None);
/// assert!(policy.contains("arn:aws:s3:::bills/cur/report/*"));
/// # Ok::<(), farthing::ingest::s3::S3Error>(())
/// ```
pub fn iam_policy(uri: &S3Uri, kms_key: Option<&str>) -> String {
    let arn: Vec<&str> = kms_key.unwrap_or_default().split(':').collect();
    let (partition, region) = match arn[..] {
        ["arn", partition, "kms", region, ..] if !region.is_empty() => (partition, region),
        _ => ("aws", "*"),
    };
    let bucket = format!("arn:{partition}:s3:::{}", uri.bucket);
    let key = uri.prefix_or_key.as_str();
    let is_file = [".parquet", ".csv", ".csv.gz", ".csv.zip"].iter().any(|ending| key.ends_with(ending));
    let folder = if is_manifest(key) { export_root(key) } else { key };
    let folder = literal(folder.trim_end_matches('/'));
    let below = if folder.is_empty() { "*".to_owned() } else { format!("{folder}/*") };
    let mut statements = Vec::new();
    if !is_file {
        let mut list = json!({
            "Sid": "ListOnlyThisExport", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket,
        });
        if !folder.is_empty() {
            list["Condition"] = json!({"StringLike": {"s3:prefix": [below]}});
        }
        statements.push(list);
    }
    statements.push(json!({
        "Sid": if is_file { "ReadOnlyThisFile" } else { "ReadOnlyThisExport" },
        "Effect": "Allow", "Action": "s3:GetObject",
        "Resource": format!("{bucket}/{}", if is_file { folder } else { below }),
    }));
    if let Some(key) = kms_key {
        statements.push(decrypt(key, partition, region));
    }
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    format!("{policy:#}\n")
}

/// Permission to decrypt, on S3's behalf alone.
fn decrypt(key: &str, partition: &str, region: &str) -> Value {
    let suffix = if partition == "aws-cn" { ".cn" } else { "" };
    let service = format!("s3.{region}.amazonaws.com{suffix}");
    let operator = if region == "*" { "StringLike" } else { "StringEquals" };
    json!({
        "Sid": "DecryptOnlyForS3", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": key,
        "Condition": {operator: {"kms:ViaService": service}},
    })
}

/// A key's text with the characters escaped that a policy would take for wildcards and variables.
fn literal(key: &str) -> String {
    key.chars().fold(String::with_capacity(key.len()), |mut escaped, c| {
        match c {
            '*' | '?' | '$' => escaped.extend(['$', '{', c, '}']),
            _ => escaped.push(c),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(uri: &str, kms_key: Option<&str>) -> Value {
        serde_json::from_str(&iam_policy(&S3Uri::parse(uri).unwrap(), kms_key)).unwrap()
    }

    #[test]
    fn resources_end_in_a_slash_and_a_star() {
        for uri in ["s3://bills/cur/report", "s3://bills/cur/report/"] {
            let policy = policy(uri, None);
            let statements = policy["Statement"].as_array().unwrap();
            assert_eq!(statements.len(), 2);
            assert_eq!(statements[0]["Resource"], "arn:aws:s3:::bills");
            assert_eq!(statements[0]["Condition"]["StringLike"]["s3:prefix"][0], "cur/report/*");
            assert_eq!(statements[1]["Resource"], "arn:aws:s3:::bills/cur/report/*");
        }
    }

    #[test]
    fn a_manifest_stands_for_its_export_and_a_file_for_itself() {
        let export = policy("s3://bills/p/e/metadata/BILLING_PERIOD=2026-10/e-Manifest.json", None);
        assert_eq!(export["Statement"][1]["Resource"], "arn:aws:s3:::bills/p/e/*");
        let file = policy("s3://bills/p/e-00001.snappy.parquet", None);
        assert_eq!(file["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(file["Statement"][0]["Resource"], "arn:aws:s3:::bills/p/e-00001.snappy.parquet");
    }

    #[test]
    fn a_key_is_used_for_s3_alone() {
        let key = "arn:aws-cn:kms:cn-north-1:123456789012:key/1";
        let policy = policy("s3://bills/cur", Some(key));
        let decrypt = &policy["Statement"][2];
        assert_eq!(decrypt["Resource"], key);
        assert_eq!(decrypt["Condition"]["StringEquals"]["kms:ViaService"], "s3.cn-north-1.amazonaws.com.cn");
        assert_eq!(policy["Statement"][1]["Resource"], "arn:aws-cn:s3:::bills/cur/*");
    }

    #[test]
    fn a_star_in_a_key_is_a_star() {
        let policy = policy("s3://bills/all*${x}", None);
        assert_eq!(policy["Statement"][1]["Resource"], "arn:aws:s3:::bills/all${*}${$}{x}/*");
        let whole = self::policy("s3://bills", None);
        assert_eq!(whole["Statement"][1]["Resource"], "arn:aws:s3:::bills/*");
        assert!(whole["Statement"][0].get("Condition").is_none());
    }
}
