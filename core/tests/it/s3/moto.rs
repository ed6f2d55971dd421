//! A moto server, which knows the semantics of S3; shared by the tests that run at the same time, and gone with the last of them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What CloudWatch's own client speaks is CBOR, which moto does not; `cbor2` translates for it.
const PACKAGES: [&str; 2] = ["moto[server,s3]==5.2.5", "cbor2==6.3.0"];
const SCRIPT: &str = include_str!("moto_server.py");

/// A running server; dropped, it is killed. It also ends by itself when this process does.
pub(crate) struct Moto {
    child: Child,
    pub(crate) port: u16,
}

/// The server that is running, or a new one. It has two buckets of 2,500 objects.
pub(super) fn moto() -> Arc<Moto> {
    static RUNNING: Mutex<Weak<Moto>> = Mutex::new(Weak::new());
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(moto) = running.upgrade() {
        return moto;
    }
    let old = "crowd/prefix/farthing-bill/data/BILLING_PERIOD=2026-10/old";
    let moto = Arc::new(Moto::start(&["many/cur/rep", old]));
    *running = Arc::downgrade(&moto);
    moto
}

impl Moto {
    /// A server with what these arguments of the script stand for.
    pub(crate) fn start(arguments: &[&str]) -> Moto {
        Moto::serve(SCRIPT, arguments)
    }

    /// What a script serves that prints its port first and ends with its standard input.
    pub(crate) fn serve(script: &str, arguments: &[&str]) -> Moto {
        let mut child = Command::new(python())
            .args(["-c", script])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| panic!("moto did not start: `{line}`"));
        Moto { child, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The Python of an environment that has moto, made under cargo's target folder the first time.
fn python() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moto-5.2.5-cbor2");
    std::fs::create_dir_all(&home).unwrap();
    let lock = File::create(home.join("lock")).unwrap();
    lock.lock().unwrap();
    let (python, done) = (home.join("bin/python"), home.join("installed"));
    if !done.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&home));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES));
        File::create(done).unwrap();
    }
    python
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
