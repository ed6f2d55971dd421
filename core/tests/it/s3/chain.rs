//! The standard credential chain and the environment, each in a process of its own; and several of those at once.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::fixture::{Bucket, SECRET, TOKEN, noise};
use super::proxy::{Fault, Proxy};
use super::s3::{Remote, S3Options, S3Uri};

/// What the child does: reads `FARTHING_TEST_URI` as a program would that sets hardly any option, and prints hashes.
#[test]
#[ignore = "runs as a child of the tests below"]
fn child() {
    let Ok(uri) = std::env::var("FARTHING_TEST_URI") else { return };
    let mut options = S3Options::new(std::env::var("FARTHING_TEST_CACHE").unwrap());
    options.attempts = 3;
    options.backoff_first = Duration::from_millis(50);
    options.profile = std::env::var("FARTHING_TEST_PROFILE").ok();
    let read = || {
        let remote = Remote::connect(&S3Uri::parse(&uri)?, options)?;
        remote.fetch(&remote.list()?, None)
    };
    match read() {
        Ok(fetched) => {
            let hashes: Vec<_> = fetched.into_iter().map(|fetched| fetched.sha256).collect();
            println!("\nresult: read {}", hashes.join(" "));
        }
        Err(error) => println!("\nresult: {error:?} | {error}"),
    }
}

/// A child with nothing in its environment but what is given.
fn command(uri: &str, home: &Path, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    // The test's name, without that of the binary.
    let child = concat!(module_path!(), "::child").split_once("::").unwrap().1;
    command.args(["--exact", child, "--ignored", "--nocapture"]);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", home);
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("FARTHING_TEST_URI", uri);
    command.env("FARTHING_TEST_CACHE", home.join("cache")).envs(environment.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn result(output: &std::process::Output) -> String {
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!printed.contains("sEcReT"), "{printed}");
    let line = printed.lines().find_map(|line| line.strip_prefix("result: "));
    line.unwrap_or_else(|| panic!("no result: {printed}")).to_owned()
}

struct House {
    bucket: Bucket,
    home: tempfile::TempDir,
}

impl House {
    fn new() -> House {
        let bucket = Bucket::new();
        bucket.put("cur/rep/part-1", &noise(1, 1000));
        House { bucket, home: tempfile::tempdir().unwrap() }
    }

    fn run(&self, environment: &[(&str, &str)]) -> String {
        result(&command(&self.bucket.uri("cur/rep"), self.home.path(), environment).output().unwrap())
    }

    fn config(&self, text: &str) {
        std::fs::create_dir_all(self.home.path().join(".aws")).unwrap();
        std::fs::write(self.home.path().join(".aws/config"), text).unwrap();
    }
}

#[test]
fn credentials_come_from_the_standard_chain() {
    let house = House::new();
    let url = house.bucket.moto.url();
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDTEST"), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_SESSION_TOKEN", TOKEN)];
    let with = |more: &[(&'static str, &str)]| {
        let all: Vec<(&str, &str)> = keys.iter().copied().chain(more.iter().copied()).collect();
        house.run(&all)
    };
    assert!(with(&[("AWS_ENDPOINT_URL_S3", &url)]).starts_with("read "));
    assert!(with(&[("AWS_ENDPOINT_URL", &url)]).starts_with("read "));

    let begun = Instant::now();
    let none = house.run(&[("AWS_ENDPOINT_URL_S3", &url)]);
    assert!(none.starts_with("NoCredentials") && none.contains("AWS_PROFILE"), "{none}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());

    let script = house.home.path().join("keys");
    let answer = format!(r#"{{"Version":1,"AccessKeyId":"AKIDTEST","SecretAccessKey":"{SECRET}"}}"#);
    std::fs::write(&script, answer).unwrap();
    let session = "sso_session = team\nsso_account_id = 123456789012\nsso_role_name = Reader\n";
    house.config(&format!(
        "[profile process]\ncredential_process = cat {}\nregion = eu-west-1\n\
         [profile silent]\ncredential_process = sh -c 'echo {SECRET} >&2; exit 3'\n\
         [profile broken]\ncredential_process = echo {SECRET}\n\
         [profile role]\nrole_arn = arn:aws:iam::123456789012:role/Reader\nsource_profile = process\n\
         [profile sso]\n{session}\
         [sso-session team]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n\
         [profile elsewhere]\ncredential_process = cat {}\nendpoint_url = {url}\n",
        script.display(),
        script.display(),
    ));
    let profile = |name: &str, way: &'static str| house.run(&[(way, name), ("AWS_ENDPOINT_URL", &url)]);
    for way in ["AWS_PROFILE", "FARTHING_TEST_PROFILE"] {
        assert!(profile("process", way).starts_with("read "));
    }
    let role = profile("role", "AWS_PROFILE");
    assert!(role.starts_with("read "), "assumed from moto's STS: {role}");
    for (name, words) in
        [("silent", "exit status: 3"), ("broken", "could not parse"), ("sso", "SSO"), ("nobody", "nobody")]
    {
        let told = profile(name, "AWS_PROFILE");
        assert!(told.starts_with("NoCredentials") && told.contains(words), "{name}: {told}");
    }
    let told = house.run(&[("AWS_PROFILE", "elsewhere")]);
    assert!(told.starts_with("Endpoint") && told.contains("AWS_ENDPOINT_URL_S3"), "{told}");
}

#[test]
fn an_endpoint_of_the_environment_is_held_to_the_same_rules() {
    let house = House::new();
    for (endpoint, words) in [
        ("http://169.254.169.254", "plain http"),
        ("https://169.254.169.254", "metadata"),
        ("https://[::ffff:10.0.0.1]", "private"),
        ("https://user:sEcReT@s3.example.com", "user or a password"),
    ] {
        let told = house.run(&[("AWS_ENDPOINT_URL", endpoint)]);
        assert!(told.starts_with("Endpoint") && told.contains(words), "{told}");
    }
}

#[test]
fn eight_processes_on_one_cold_cache_agree() {
    let house = House::new();
    for part in 2..6 {
        house.bucket.put(&format!("cur/rep/part-{part}"), &noise(part, 30_000));
    }
    let proxy = Proxy::cutting_each_object(house.bucket.moto.port, 2);
    let url = proxy.url();
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDTEST"), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_ENDPOINT_URL", &url)];
    let uri = house.bucket.uri("cur/rep");
    let children: Vec<_> = (0..8).map(|_| command(&uri, house.home.path(), &keys).spawn().unwrap()).collect();
    let mut results: Vec<_> = children.into_iter().map(|child| result(&child.wait_with_output().unwrap())).collect();
    results.dedup();
    assert_eq!(results.len(), 1, "{results:?}");
    assert_eq!(results[0].split(' ').count(), 6, "{results:?}");
    for folder in ["objects", "refs"] {
        assert_eq!(std::fs::read_dir(house.home.path().join("cache").join(folder)).unwrap().count(), 5);
    }
}

#[test]
fn a_killed_process_leaves_nothing_that_counts() {
    let house = House::new();
    house.bucket.put("cur/rep/part-2", &noise(2, 300_000));
    let slow = Proxy::to_objects(house.bucket.moto.port, |n| if n == 1 { Fault::Trickle } else { Fault::None });
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDTEST"), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    let uri = house.bucket.uri("cur/rep");
    let mut child = command(&uri, house.home.path(), &keys).env("AWS_ENDPOINT_URL", slow.url()).spawn().unwrap();
    let objects = house.home.path().join("cache/objects");
    let half_written = || {
        let entries = std::fs::read_dir(&objects).into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".tmp-")).count()
    };
    let begun = Instant::now();
    while half_written() == 0 || slow.gets() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never began to write");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(half_written() > 0);
    let url = house.bucket.moto.url();
    let next = house.run(&[keys[0], keys[1], ("AWS_ENDPOINT_URL", &url)]);
    assert!(next.starts_with("read ") && half_written() == 0, "{next}");
}
