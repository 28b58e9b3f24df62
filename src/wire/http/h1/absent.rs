//! Takes a message whose head announced a body, says whether the body was left out on purpose.
//!
//! RFC 9110 9.3.2 (`HEAD`), 10.1.1 (`Expect`): who is answered finally before it sent anything need not send the rest.

use super::{Http1, Outbox, head};
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
        let Some(message) = self.lanes[direction.index()].message.as_mut() else { return false };
        if message.total > 0 || message.broken || !head::certain(direction, bytes) {
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
