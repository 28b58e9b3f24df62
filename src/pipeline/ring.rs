//! Takes the files to read, gives them one after another: where one recording stands in several files, as dumpcap,
//! tcpdump and `capture` leave them, in the order in which they were written, wherever the command line names them.
//!
//! What belongs together is told by names that differ in numbers only, as those of a ring do, and by time: a file that
//! begins where another ends, on the same kind of link. Two ends that were recorded at once overlap, and recordings of
//! other times are apart; neither are joined. Where several files could go on, the name that is most alike decides.
//! Other names say nothing of each other: to join what does not belong together could cost evidence, where two
//! recordings use one port and the same sequence numbers.

use std::path::Path;

use super::sources::Found;
use crate::base::Instant;
use crate::wire::capture::decompress;
use crate::wire::capture::{Item, LinkType, Reader};

/// Nanoseconds that a file may begin after the one before it has ended. A ring goes on at once, when a packet comes, but
/// nothing may come for a while. HTTP connections do not live on in silence for longer: IIS closes them after two minutes
/// (`connectionTimeout`).
const SILENCE: i64 = 300_000_000_000;

/// Nanoseconds that two files may overlap, and the part of the first: several queues and interfaces are not in order.
const OVERLAP: i64 = 1_000_000_000;
const OVERLAP_PART: i64 = 8;

/// The files that are still to be read.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// In the order of the command line.
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    found: Found,
    name: Name,
    begins: Option<Beginning>,
    /// The time of its last packet, once it was looked for.
    ends: Option<Option<Instant>>,
}

/// How a capture begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Beginning {
    /// Of the first packets: several interfaces may be of several kinds.
    links: [Option<LinkType>; LINKS],
    at: Instant,
}

/// Kinds of links that are told apart, and packets that are looked at for them.
const LINKS: usize = 4;
const LOOKED_AT: u64 = 64;

impl Beginning {
    fn shares_a_link(&self, other: &Self) -> bool {
        self.links.iter().flatten().any(|link| other.links.contains(&Some(*link)))
    }
}

/// A file whose turn it is.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) found: Found,
    name: Name,
    /// Where others could go on with it.
    begins: Option<Beginning>,
}

impl Turn {
    /// A file that stands alone.
    pub(super) fn alone(found: Found) -> Self {
        Self { found, name: Name::default(), begins: None }
    }
}

impl Queue {
    /// Of these files. A single one is not looked into: nothing could go on with it.
    pub(super) fn of(files: Vec<Found>) -> Self {
        let several = files.iter().filter(|found| !found.is_read_once()).nth(1).is_some();
        let waiting = |found: Found| {
            let begins = if several { beginning(&found) } else { None };
            Waiting { name: Name::of(&found), found, begins, ends: None }
        };
        Self { waiting: files.into_iter().map(waiting).collect() }
    }

    /// The files that wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Found> {
        self.waiting.iter().map(|one| &one.found)
    }

    /// The next file: the first on the command line, or the one with which its recording begins.
    pub(super) fn next(&mut self) -> Option<Turn> {
        let mut at = 0;
        while let Some(before) = self.before(at) {
            at = before;
        }
        self.take(at)
    }

    /// The file that goes on where another ends, which `last` says.
    pub(super) fn after(&mut self, turn: &Turn, last: Option<Instant>) -> Option<Turn> {
        let begins = turn.begins?;
        let last = last.unwrap_or(begins.at);
        let mut best: Option<(usize, Instant, usize)> = None;
        for at in 0..self.waiting.len() {
            let Some((next, name)) = self.at(at).filter(|(next, _)| goes_on(begins, last, *next)) else {
                continue;
            };
            let Some(likeness) = turn.name.likeness(name) else { continue };
            let better = best.is_none_or(|(known, time, _)| (likeness, next.at) < (known, time));
            // Where both begin at once there is no clock: copies of one file, packets written without their times.
            if better && next.at > begins.at && !self.is_of_another(at, likeness) {
                best = Some((likeness, next.at, at));
            }
        }
        self.take(best?.2)
    }

    fn at(&self, at: usize) -> Option<(Beginning, &Name)> {
        let one = self.waiting.get(at)?;
        Some((one.begins?, &one.name))
    }

    fn take(&mut self, at: usize) -> Option<Turn> {
        let there = at < self.waiting.len();
        let one = there.then(|| self.waiting.remove(at))?;
        Some(Turn { found: one.found, name: one.name, begins: one.begins })
    }

    /// The waiting file that the one at `at` goes on with, if there is one: it has to be read first.
    fn before(&mut self, at: usize) -> Option<usize> {
        let mut best: Option<(usize, Instant, usize)> = None;
        for other in 0..self.waiting.len() {
            let Some((likeness, begins)) = self.earlier(other, at) else { continue };
            let better =
                best.is_none_or(|(known, time, _)| likeness < known || likeness == known && begins > time);
            if better && self.leads_to(other, at) {
                best = Some((likeness, begins, other));
            }
        }
        best.map(|(_, _, at)| at)
    }

    /// Whether a waiting file whose name is more like that of the one at `at` leads to it.
    fn is_of_another(&mut self, at: usize, likeness_of_this: usize) -> bool {
        (0..self.waiting.len()).any(|other| {
            let earlier = self.earlier(other, at).filter(|(likeness, _)| *likeness < likeness_of_this);
            earlier.is_some() && self.leads_to(other, at)
        })
    }

    /// Where the file at `other` begins before the one at `at`: how alike the names are, and when. The walk back has an
    /// end, since only earlier ones count.
    fn earlier(&self, other: usize, at: usize) -> Option<(usize, Instant)> {
        let ((begins, name), (next, mine)) = (self.at(other)?, self.at(at)?);
        let before = begins.at < next.at && begins.shares_a_link(&next);
        name.likeness(mine).filter(|_| before).map(|likeness| (likeness, begins.at))
    }

    /// Whether a file ends where another begins. It is read for that, once.
    fn leads_to(&mut self, from: usize, to: usize) -> bool {
        let Some((next, _)) = self.at(to) else { return false };
        let Some(one) = self.waiting.get_mut(from) else { return false };
        let Some(begins) = one.begins else { return false };
        let ends = *one.ends.get_or_insert_with(|| end(&one.found));
        ends.is_some_and(|last| goes_on(begins, last, next))
    }
}

/// Whether a capture that begins like `next` goes on with one that ends at `last`.
fn goes_on(begins: Beginning, last: Instant, next: Beginning) -> bool {
    let (from, to, then) = (begins.at.nanos(), last.nanos(), next.at.nanos());
    let overlap = (to.saturating_sub(from) / OVERLAP_PART).clamp(0, OVERLAP);
    begins.shares_a_link(&next) && then >= to.saturating_sub(overlap) && then.saturating_sub(to) <= SILENCE
}

/// A file's name, in small letters and without what says that it was compressed: numbers, and what is around them.
#[derive(Default, Debug)]
struct Name {
    /// With the folder; empty where there is no path.
    words: String,
    numbers: Vec<String>,
}

impl Name {
    fn of(found: &Found) -> Self {
        let Some(path) = &found.path else { return Self::default() };
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let name = [".gz", ".zst"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(&name);
        let digit = |letter: char| letter.is_ascii_digit();
        let folder = path.parent().unwrap_or(Path::new("")).to_string_lossy();
        let words = name.chars().filter(|letter| !digit(*letter));
        let numbers = name.split(|letter| !digit(letter)).filter(|run| !run.is_empty());
        Self {
            words: format!("{folder}/").chars().chain(words).collect(),
            numbers: numbers.map(str::to_owned).collect(),
        }
    }

    /// In how many of their numbers two names differ that are the same without them: those of a ring in its count, and
    /// in the time that dumpcap adds. `None` where they say nothing of each other.
    fn likeness(&self, other: &Self) -> Option<usize> {
        if self.words.is_empty() || self.words != other.words {
            return None;
        }
        // tcpdump -C adds none to its first file.
        let count = self.numbers.len().max(other.numbers.len());
        Some((0..count).filter(|at| self.numbers.get(*at) != other.numbers.get(*at)).count())
    }
}

fn open(found: &Found) -> Option<Reader> {
    // What can be read only once has to be left for its turn.
    if found.is_read_once() {
        return None;
    }
    let opened = decompress::open(found.open().ok()?).ok()?;
    opened.kind.is_capture().then(|| Reader::open(opened.read).ok())?
}

fn beginning(found: &Found) -> Option<Beginning> {
    let mut reader = open(found)?;
    let mut begins: Option<Beginning> = None;
    while let Ok(Some(item)) = reader.next_item() {
        let Item::Packet(packet) = item else { continue };
        let begins = match &mut begins {
            Some(begins) => begins,
            none => none.insert(Beginning { links: [None; LINKS], at: packet.time? }),
        };
        let free = begins.links.iter_mut().find(|link| link.is_none_or(|link| link == packet.link));
        free.into_iter().for_each(|link| *link = Some(packet.link));
        if reader.packets() >= LOOKED_AT {
            break;
        }
    }
    begins
}

fn end(found: &Found) -> Option<Instant> {
    let mut reader = open(found)?;
    let mut last = None;
    while let Ok(Some(item)) = reader.next_item() {
        if let Item::Packet(packet) = item {
            last = packet.time.or(last);
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn names_of_a_ring_differ_in_their_numbers() {
        let found =
            |name: &str| Found { name: name.to_owned(), path: Some(PathBuf::from(name)), named: true };
        let likeness = |one, other| Name::of(&found(one)).likeness(&Name::of(&found(other)));
        // dumpcap -b, tcpdump -C, tcpdump -G, a file that was packed meanwhile, two servers.
        assert_eq!(likeness("a/r_00001_20261201133931.pcapng", "a/r_00002_20261201133933.pcapng"), Some(2));
        assert_eq!(likeness("a/r.pcap", "a/r.pcap1"), Some(1));
        assert_eq!(likeness("r-2026-12-01.pcap", "r-2026-12-02.pcap"), Some(1));
        assert_eq!(likeness("r_1.pcap.gz", "R_2.pcap"), Some(1));
        assert_eq!(likeness("ex01_1.pcap", "ex02_2.pcap"), Some(2));
        assert_eq!(likeness("a/r_1.pcap", "b/r_2.pcap"), None);
        assert_eq!(likeness("client_1.pcap", "server_1.pcap"), None);
    }

    #[test]
    fn a_file_goes_on_where_another_ends() {
        let second = 1_000_000_000;
        let of =
            |links: [Option<LinkType>; LINKS], time: i64| Beginning { links, at: Instant::from_nanos(time) };
        let [ethernet, cooked] = [1, 113].map(|kind| Some(LinkType(kind)));
        let at = |time: i64| of([ethernet, None, None, None], time);
        let goes_on = |from, to, next| goes_on(at(from), Instant::from_nanos(to), at(next));
        assert!(goes_on(0, 60 * second, 60 * second));
        assert!(goes_on(0, 60 * second, 59 * second), "a little overlap");
        assert!(!goes_on(0, 60 * second, 58 * second), "two ends");
        assert!(!goes_on(0, second / 2, second / 4), "two ends of a short time");
        assert!(goes_on(0, 60 * second, 360 * second), "a quiet ring");
        assert!(!goes_on(0, 60 * second, 361 * second), "another recording");
        assert!(!goes_on(0, 60 * second, 90_000 * second), "another day");
        let then = |links| super::goes_on(at(0), Instant::from_nanos(second), of(links, second));
        assert!(!then([cooked, None, None, None]), "another kind of link");
        assert!(then([cooked, ethernet, None, None]), "several interfaces, of which another came first");
    }
}
