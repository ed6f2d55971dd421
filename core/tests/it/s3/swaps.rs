//! Deliveries that are rewritten under the reader: the old one whole, the new one whole, or an error.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use farthing::Error;
use farthing::error::s3::S3Error;

use super::bills::{Shelf, Stored, answer, objects, one_month, one_month_in};
use super::proxy::{Fault, Proxy};

/// The manifest, three parts, the manifest again.
const REQUESTS: usize = 5;

/// Runs `swap` before the k-th object is handed out, once, and opens the bill meanwhile.
fn opened(shelf: &Arc<Shelf>, at: usize, swap: impl Fn(&Shelf) + Send + Sync + 'static) -> Result<String, Error> {
    let swapping = Arc::clone(shelf);
    let one_at_a_time = Mutex::new(());
    let proxy = Proxy::to_objects(shelf.bucket.moto.port, move |request| {
        let _waiting = one_at_a_time.lock().unwrap();
        if request == at {
            swap(&swapping);
        }
        Fault::None
    });
    shelf.open_through(&proxy.url(), "prefix/farthing-bill").map(|bill| answer(&bill))
}

#[test]
fn a_delivery_that_is_swapped_is_read_whole() {
    let (old, new) = (one_month(41), one_month_in(2, 42));
    let (before, after) = (answer(&old.bill()), answer(&new.bill()));
    std::thread::scope(|scope| {
        for at in 0..=REQUESTS {
            let (old, new, before, after) = (&old, &new, &before, &after);
            scope.spawn(move || {
                let shelf = Arc::new(Shelf::with(old));
                let next: Vec<Stored> = objects(new.path(), &shelf.bucket.name);
                let last = objects(old.path(), &shelf.bucket.name).remove(2).0;
                let swap = move |shelf: &Shelf| {
                    shelf.put(&next);
                    shelf.bucket.remove(&last);
                };
                let read = opened(&shelf, at, swap).unwrap_or_else(|error| panic!("{at}: {error}"));
                assert_eq!(&read, if at < REQUESTS { after } else { before }, "swapped before request {at}");
            });
        }
    });
}

#[test]
fn a_delivery_that_is_half_swapped_is_never_read() {
    let (old, new) = (one_month(43), one_month(44));
    let before = answer(&old.bill());
    std::thread::scope(|scope| {
        for at in 0..=REQUESTS {
            let (old, new, before) = (&old, &new, &before);
            scope.spawn(move || {
                let shelf = Arc::new(Shelf::with(old));
                let next: Stored = objects(new.path(), &shelf.bucket.name).remove(1);
                let swap = move |shelf: &Shelf| {
                    // S3 states whole seconds.
                    std::thread::sleep(Duration::from_millis(1100));
                    shelf.put(std::slice::from_ref(&next));
                };
                match opened(&shelf, at, swap) {
                    Ok(read) => assert_eq!((&read, at), (before, REQUESTS)),
                    Err(Error::S3(error @ S3Error::Changed { .. })) => {
                        let message = error.to_string();
                        assert!(
                            at < REQUESTS && message.contains("00002.snappy.parquet was written after"),
                            "{message}"
                        );
                    }
                    Err(error) => panic!("{at}: {error}"),
                }
            });
        }
    });
}

#[test]
fn a_delivery_that_never_rests_is_given_up() {
    let deliveries = [one_month(45), one_month(46)];
    let shelf = Arc::new(Shelf::with(&deliveries[0]));
    let next = deliveries.map(|made| objects(made.path(), &shelf.bucket.name));
    let swapping = Arc::clone(&shelf);
    let turns = AtomicUsize::new(0);
    let proxy = Proxy::start(shelf.bucket.moto.port, move |request| {
        // At each listing, and so twice in each attempt.
        if request.lists() {
            let turn = turns.fetch_add(1, Ordering::Relaxed);
            swapping.put(&next[turn % 2]);
        }
        Fault::None
    });
    let error = shelf.open_through(&proxy.url(), "prefix/farthing-bill").expect_err("it is given up");
    assert!(matches!(error, Error::S3(S3Error::Changed { .. })), "{error}");
    assert!(error.to_string().contains("it changed while the delivery was being read"), "{error}");
}
