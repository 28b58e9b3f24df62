//! How long decoding takes: a small capture with everything that starting costs, the same traffic under
//! TLS, and many connections at once. Large captures are measured by `benches/peers.sh`.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use oauthtrace::base::Secret;
use oauthtrace::connection::Connection;
use oauthtrace::exchange::Exchange;
use oauthtrace::pipeline::{self, Settings, Source};
use oauthtrace::sink::Sink;

/// Counts, so that nothing but decoding is measured.
#[derive(Default)]
struct Count {
    exchanges: u64,
    head_bytes: u64,
}

impl Sink for Count {
    fn exchange(&mut self, exchange: Exchange) {
        self.exchanges += 1;
        self.head_bytes += exchange.request.map_or(0, |request| request.head.bytes.len() as u64);
    }
    fn connection(&mut self, _: Connection) {}
    fn fork(&self) -> Self {
        Self::default()
    }
    fn join(&mut self, other: Self) {
        self.exchanges += other.exchanges;
        self.head_bytes += other.head_bytes;
    }
}

fn case(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/healthy").join(file)
}

/// The healthy capture many times over, each copy between other addresses, packets interleaved.
fn many(copies: u16) -> PathBuf {
    let bytes = fs::read(case("traffic.pcap")).expect("a capture of the repository");
    let (header, mut rest) = bytes.split_at(24);
    let mut out = header.to_vec();
    while rest.len() >= 16 {
        let length = u32::from_le_bytes([rest[8], rest[9], rest[10], rest[11]]) as usize;
        let (record, after) = rest.split_at(16 + length);
        for copy in 0..copies {
            let mut record = record.to_vec();
            for at in [16 + 27, 16 + 31] {
                record[at..at + 2].copy_from_slice(&copy.to_be_bytes());
            }
            out.extend(record);
        }
        rest = after;
    }
    let path = std::env::temp_dir().join(format!("oauthtrace-bench-{}", std::process::id()));
    fs::write(&path, out).expect("room for a temporary file");
    path
}

fn decode(path: &Path, settings: &Settings) -> u64 {
    let mut count = Count::default();
    pipeline::run(&[Source::Path(path.to_owned())], settings, &mut count);
    assert!(count.exchanges > 0, "a benchmark that decodes nothing measures nothing");
    count.exchanges + count.head_bytes
}

fn benches(criterion: &mut Criterion) {
    let one = Settings { threads: 1, ..Settings::default() };
    let keys = fs::read(case("keys.log")).expect("keys of the repository");
    let opened = Settings {
        keylogs: vec![("keys.log".to_owned(), Secret::new(keys))],
        threads: 1,
        ..Settings::default()
    };
    criterion.bench_function("small capture", |bencher| {
        bencher.iter(|| decode(black_box(&case("traffic.pcap")), &one));
    });
    criterion.bench_function("small capture under TLS", |bencher| {
        bencher.iter(|| decode(black_box(&case("traffic-tls.pcap")), &opened));
    });
    let path = many(500);
    let mut group = criterion.benchmark_group("500 connections at once");
    group.throughput(Throughput::Bytes(fs::metadata(&path).map_or(0, |metadata| metadata.len())));
    group.sample_size(20);
    group.bench_function("one thread", |bencher| bencher.iter(|| decode(black_box(&path), &one)));
    group.finish();
    let _ = fs::remove_file(path);
}

criterion_group!(decoding, benches);
criterion_main!(decoding);
