//! Takes a decoder between two exchanges, or between a request and its response, gives the little that is to be
//! remembered: where connections are many, most are idle, and an idle one needs no decoder.

use super::Http1;
use super::lane::Lane;
use super::pairing::{Asking, Pairing};

/// A connection between two exchanges.
#[derive(Clone, Copy, Debug)]
pub struct Resting {
    last_frames: [u64; 2],
    fresh: [bool; 2],
    ended: [bool; 2],
}

/// A connection whose last request waits for its response.
#[derive(Debug)]
pub struct Waiting {
    asking: Asking,
    resting: Resting,
}

impl Http1 {
    /// What is to be remembered between a request and its response, when that is little. The decoder is of no
    /// use afterwards.
    pub fn waits(&mut self) -> Option<Waiting> {
        if self.done || !self.lanes.iter().all(Lane::rests) {
            return None;
        }
        let asking = self.pairing.asks()?;
        Some(Waiting { asking, resting: self.resting() })
    }

    /// Keeps a request small whose body has begun.
    pub fn pack(&mut self) {
        let [sent, _] = &mut self.lanes;
        sent.message.iter_mut().for_each(|message| message.pack());
    }

    /// The decoder of a connection that waited.
    pub fn waited(waiting: Waiting) -> Self {
        Self { pairing: Pairing::asking(waiting.asking), ..Self::rested(waiting.resting) }
    }

    /// What is to be remembered between two exchanges, when that is little: an idle connection needs no decoder.
    pub fn rests(&self) -> Option<Resting> {
        let rests = self.pairing.rests() && !self.done && self.lanes.iter().all(Lane::rests);
        rests.then(|| self.resting())
    }

    fn resting(&self) -> Resting {
        let [sent, received] = &self.lanes;
        Resting {
            last_frames: [sent.last_frame, received.last_frame],
            fresh: [sent.fresh, received.fresh],
            ended: [sent.ended, received.ended],
        }
    }

    /// The decoder of a connection that rested.
    pub fn rested(resting: Resting) -> Self {
        let mut decoder = Self::default();
        for (at, lane) in decoder.lanes.iter_mut().enumerate() {
            lane.last_frame = resting.last_frames[at & 1];
            lane.fresh = resting.fresh[at & 1];
            lane.ended = resting.ended[at & 1];
        }
        decoder
    }
}
