//! Takes a message whose head announced a body, says whether the body was left out on purpose.
//!
//! RFC 9110 9.3.2 (`HEAD`), 10.1.1 (`Expect`): who is answered finally before it sent anything need not send the rest.

use super::lane::State;
use super::{Http1, Outbox, head, loose};
use crate::wire::stream::Direction;

/// What is said of such a message.
const ABSENT: &str = "http-body-absent";

/// And why, of a request.
const REFUSED: &str = "the body was not sent: its Expect was answered finally";

impl Http1 {
    /// Whether a body that was announced does not come, because the next message begins in its place:
    /// the response to a `HEAD` that was not seen, or a request whose `Expect` was refused.
    pub(super) fn bodiless_after_all(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        out: &mut Outbox,
    ) -> bool {
        let lane = &mut self.lanes[direction.index()];
        let left = if let State::Length(left) = lane.state { usize::try_from(left).ok() } else { None };
        let Some(message) = lane.message.as_mut() else { return false };
        let nothing = message.doubt && message.total == 0 && !message.broken;
        if !nothing || !begins_message(direction, bytes, left) {
            return false;
        }
        if direction == Direction::Received && message.doubt {
            message.note(ABSENT, "a message begins where the body would: a response to HEAD");
        } else if !self.withheld(direction) {
            return false;
        }
        self.finish_message(direction, true, out);
        true
    }

    /// Whether a request that asked first was answered finally, and nothing of its body was sent; notes it.
    pub(super) fn withheld(&mut self, direction: Direction) -> bool {
        let Some(message) = self.lanes[direction.index()].message.as_mut() else { return false };
        let withheld = direction == Direction::Sent
            && message.doubt
            && message.total == 0
            && !message.broken
            && self.pairing.answered(message.id);
        if withheld {
            message.note(ABSENT, REFUSED);
        }
        withheld
    }
}

/// Whether a message begins with these bytes, rather than the body of one that has so many: `hello` before a request
/// looks like a method of its own.
fn begins_message(direction: Direction, bytes: &[u8], body: Option<usize>) -> bool {
    let next = || body.and_then(|body| bytes.get(body..)).is_some_and(|rest| head::certain(direction, rest));
    head::certain(direction, bytes) && (loose::begins_registered(direction, bytes) || !next())
}
