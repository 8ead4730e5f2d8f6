//! Same bytes on any number of threads.

use warraq::encode;
use warraq::record::{Destination, Outgoing};

use crate::golden::pages;
use crate::support::{Options, enrich, pipeline};

#[test]
fn four_threads_make_the_bytes_that_one_makes() {
    let pages = pages();
    let alone: Vec<Outgoing> = pages.iter().map(|raw| enrich(raw).outgoing).collect();
    assert!(alone.iter().all(|outgoing| outgoing.to == Destination::Output));
    let together: Vec<Vec<Outgoing>> = std::thread::scope(|scope| {
        let worker = |skip: usize| {
            let (pages, count) = (&pages, pages.len());
            // Each thread begins elsewhere, so that different records are in hand at once.
            move || -> Vec<Outgoing> {
                let mut made: Vec<_> =
                    (0..count).map(|i| (i + skip) % count).map(|i| (i, enrich(&pages[i]).outgoing)).collect();
                made.sort_by_key(|(index, _)| *index);
                made.into_iter().map(|(_, outgoing)| outgoing).collect()
            }
        };
        let threads: Vec<_> = (0..4).map(|skip| scope.spawn(worker(skip * 3))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for made in together {
        assert!(made == alone, "a thread made other bytes");
    }
}

/// What is built anew does not depend on what was built before.
#[test]
fn a_second_pipeline_makes_the_same_bytes() {
    let options =
        Options { encode: encode::Options { raw_offsets: true, ..encode::Options::default() }, ..Options::default() };
    let (first, second) = (pipeline(&options), pipeline(&options));
    for raw in pages() {
        let enrich = |pipeline: &warraq::pipeline::Pipeline| pipeline.enrich(&raw, &mut warraq::pipeline::NoWatch);
        assert!(enrich(&first) == enrich(&second));
    }
}
