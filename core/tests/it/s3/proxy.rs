//! A proxy for HTTP/1.1, one request to a connection, that does to answers what networks and servers do.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What happens to one request.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// It goes through.
    None,
    /// An answer of its own: status, headers and body.
    Answer(u16, Vec<(String, String)>, String),
    /// The connection is reset before an answer.
    Reset,
    /// What comes back is no HTTP.
    Garbage,
    /// The connection ends within the headers.
    HalfHeader,
    /// The body ends half-way, and the connection with it.
    Truncated,
    /// Half of the body, with a length that says so.
    Half,
    /// One bit of the body is another.
    Flipped,
    /// An object that has a CRC-64/NVME, and whether one bit of it is another. Moto itself writes a CRC-32 there.
    Crc64Nvme(&'static str, bool),
    /// The ETag is another.
    Etag,
    /// The length is not stated.
    Unsized,
    /// A byte now and then.
    Trickle,
    /// Nothing.
    Hang,
    /// 403, with everything that was sent in the message.
    Echo,
    /// The body with one text put for another.
    Replaced(&'static str, &'static str),
}

/// An error as S3 writes it.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> Fault {
    refusal_with(status, code, message, &[])
}

pub(super) fn refusal_with(status: u16, code: &str, message: &str, headers: &[(&str, &str)]) -> Fault {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    Fault::Answer(status, headers, body)
}

/// A request as it came.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) head: String,
    /// How many objects were asked for before it, if it asks for one.
    pub(super) earlier_gets: Option<usize>,
}

impl Request {
    pub(super) fn lists(&self) -> bool {
        self.target.contains("list-type=2")
    }
}

type Plan = dyn Fn(&Request) -> Fault + Send + Sync;

/// A running proxy; dropped, it stops.
pub(super) struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    upstream: u16,
    plan: Box<Plan>,
    gets: AtomicUsize,
    requests: AtomicUsize,
    stopped: AtomicBool,
}

impl Proxy {
    /// A proxy before a port of this machine, and what it does to each request.
    pub(super) fn start(upstream: u16, plan: impl Fn(&Request) -> Fault + Send + Sync + 'static) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            upstream,
            plan: Box::new(plan),
            gets: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let serving = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.stopped.load(Ordering::Relaxed) {
                    break;
                }
                let (Ok(stream), state) = (stream, Arc::clone(&serving)) else { continue };
                // A client that goes away in the middle is its own affair.
                thread::spawn(move || state.serve(stream));
            }
        });
        Proxy { address, state }
    }

    /// A proxy that does the same to every request for an object, and nothing to others.
    pub(super) fn to_objects(upstream: u16, plan: impl Fn(usize) -> Fault + Send + Sync + 'static) -> Proxy {
        Proxy::start(upstream, move |request| request.earlier_gets.map_or(Fault::None, &plan))
    }

    /// A proxy that cuts the answers to the first `times` requests for each object off, whoever asks: a reader that
    /// attempts it once more than that gets it, however the requests of several readers interleave.
    pub(super) fn cutting_each_object(upstream: u16, times: usize) -> Proxy {
        let asked = Mutex::new(BTreeMap::<String, usize>::new());
        Proxy::start(upstream, move |request| {
            if request.earlier_gets.is_none() {
                return Fault::None;
            }
            let path = request.target.split('?').next().unwrap_or_default();
            let mut asked = asked.lock().unwrap();
            let count = asked.entry(path.to_owned()).or_default();
            *count += 1;
            if *count <= times { Fault::Truncated } else { Fault::None }
        })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many objects were asked for.
    pub(super) fn gets(&self) -> usize {
        self.state.gets.load(Ordering::Relaxed)
    }

    /// How many requests there were of any kind.
    pub(super) fn requests(&self) -> usize {
        self.state.requests.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let head = peek_head(&stream)?;
        let mut words = head.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        self.requests.fetch_add(1, Ordering::Relaxed);
        let object = method == "GET" && !target.contains("list-type=2");
        let earlier_gets = object.then(|| self.gets.fetch_add(1, Ordering::Relaxed));
        let request = Request { method, target, head, earlier_gets };
        let fault = (self.plan)(&request);
        if matches!(fault, Fault::Reset) {
            // Closed with its request unread, a connection is reset.
            return None;
        }
        let mut read = vec![0; request.head.len()];
        stream.read_exact(&mut read).ok()?;
        match fault {
            Fault::Answer(status, headers, body) => {
                let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let body = if request.method == "HEAD" { String::new() } else { body };
                let length = body.len();
                let head = format!("HTTP/1.1 {status} Status\r\n{headers}content-length: {length}\r\n");
                stream
                    .write_all(
                        format!("{head}content-type: application/xml\r\nconnection: close\r\n\r\n{body}").as_bytes(),
                    )
                    .ok()
            }
            Fault::Garbage => stream.write_all(b"\x00\xffBANANA / HTTP\r\n\r\n").ok(),
            Fault::HalfHeader => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").ok(),
            Fault::Hang => self.wait(Duration::from_secs(60)),
            Fault::Echo => {
                let body = format!("<Error><Code>AccessDenied</Code><Message>{}</Message></Error>", request.head);
                let length = body.len();
                let head = format!("HTTP/1.1 403 Forbidden\r\ncontent-length: {length}\r\nconnection: close\r\n");
                let echoed: String =
                    request.head.lines().skip(1).filter(|line| line.contains("x-amz")).collect::<Vec<_>>().join("\r\n");
                stream.write_all(format!("{head}{echoed}\r\n\r\n{body}").as_bytes()).ok()
            }
            fault => self.forward(&request, &fault, &mut stream),
        }
    }

    fn forward(&self, request: &Request, fault: &Fault, stream: &mut TcpStream) -> Option<()> {
        let mut upstream = TcpStream::connect(("127.0.0.1", self.upstream)).ok()?;
        let kept = request.head.trim_end().lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
        let head = kept.collect::<Vec<_>>().join("\r\n");
        upstream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).ok()?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer).ok()?;
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let mut body = answer.split_off(end);
        let mut headers = String::from_utf8(answer).ok()?;
        let half = body.len() / 2;
        match fault {
            Fault::Truncated => body.truncate(half),
            Fault::Half => {
                body.truncate(half);
                headers = with_header(&headers, "content-length", Some(&half.to_string()));
            }
            Fault::Flipped => body[half] ^= 0x10,
            Fault::Crc64Nvme(checksum, flipped) => {
                body[half] ^= u8::from(*flipped);
                headers = with_header(&headers, "x-amz-checksum-crc64nvme", Some(checksum));
            }
            Fault::Etag => headers = with_header(&headers, "etag", Some("\"0123456789abcdef0123456789abcdef\"")),
            Fault::Unsized => headers = with_header(&headers, "content-length", None),
            Fault::Replaced(old, new) => {
                body = String::from_utf8(body).ok()?.replace(old, new).into_bytes();
                headers = with_header(&headers, "content-length", Some(&body.len().to_string()));
            }
            _ => {}
        }
        stream.write_all(headers.as_bytes()).ok()?;
        if matches!(fault, Fault::Trickle) {
            for byte in body {
                stream.write_all(&[byte]).ok()?;
                self.wait(Duration::from_millis(200))?;
            }
            return Some(());
        }
        stream.write_all(&body).ok()
    }

    /// Waits, but not longer than the proxy lives.
    fn wait(&self, time: Duration) -> Option<()> {
        for _ in 0..time.as_millis() / 50 {
            if self.stopped.load(Ordering::Relaxed) {
                return None;
            }
            thread::sleep(Duration::from_millis(50));
        }
        Some(())
    }
}

fn peek_head(stream: &TcpStream) -> Option<String> {
    let mut buffer = vec![0; 64 << 10];
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    loop {
        let seen = stream.peek(&mut buffer).ok().filter(|seen| *seen > 0)?;
        if let Some(end) = buffer[..seen].windows(4).position(|window| window == b"\r\n\r\n") {
            return String::from_utf8(buffer[..end + 4].to_vec()).ok();
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn with_header(headers: &str, name: &str, value: Option<&str>) -> String {
    let kept = headers.trim_end().lines().filter(|line| {
        let (other, _) = line.split_once(':').unwrap_or_default();
        !other.eq_ignore_ascii_case(name)
    });
    let mut lines: Vec<String> = kept.map(str::to_owned).collect();
    lines.extend(value.map(|value| format!("{name}: {value}")));
    format!("{}\r\n\r\n", lines.join("\r\n"))
}
