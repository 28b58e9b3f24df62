//! The fastest way known to us to have a HAR's exchanges in memory, as a yardstick for `verify`: the file is mapped,
//! parsed by sonic-rs into types that borrow from it, and fields that are not asked for are skipped. Nothing is judged,
//! no content is unescaped or searched.

use std::borrow::Cow;
use std::env;
use std::fs::File;
use std::process::ExitCode;

use serde::Deserialize;

#[derive(Deserialize)]
struct Har<'a> {
    #[serde(borrow)]
    log: Log<'a>,
}

#[derive(Deserialize)]
struct Log<'a> {
    #[serde(borrow)]
    entries: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow)]
    started_date_time: Cow<'a, str>,
    #[serde(borrow)]
    request: Request<'a>,
    #[serde(borrow)]
    response: Response<'a>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow)]
    headers: Vec<Field<'a>>,
}

#[derive(Deserialize)]
struct Response<'a> {
    status: u16,
    #[serde(borrow)]
    headers: Vec<Field<'a>>,
}

#[derive(Deserialize)]
struct Field<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
}

/// Entries of a HAR, and bytes of what was asked for, so that nothing of it can be left out.
fn count(har: &Har<'_>) -> (usize, usize) {
    let bytes =
        |fields: &[Field<'_>]| fields.iter().map(|field| field.name.len() + field.value.len()).sum::<usize>();
    let entry = |entry: &Entry<'_>| {
        entry.started_date_time.len()
            + entry.request.method.len()
            + entry.request.url.len()
            + usize::from(entry.response.status)
            + bytes(&entry.request.headers)
            + bytes(&entry.response.headers)
    };
    (har.log.entries.len(), har.log.entries.iter().map(entry).sum())
}

fn main() -> ExitCode {
    let Some(path) = env::args_os().nth(1) else {
        eprintln!("usage: har-by-sonic-rs FILE");
        return ExitCode::from(2);
    };
    // SAFETY: the script that measures wrote the file, and nobody writes to it meanwhile.
    let mapped = File::open(path).and_then(|file| unsafe { memmap2::Mmap::map(&file) });
    let parsed = match &mapped {
        Ok(bytes) => sonic_rs::from_slice::<Har<'_>>(bytes).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match parsed {
        Ok(har) => {
            println!("{:?}", count(&har));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("har-by-sonic-rs: {error}");
            ExitCode::FAILURE
        }
    }
}
