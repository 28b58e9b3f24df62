//! Takes an answer of status 200 to a call with a token, says whether it shows that Exchange accepted the call.

use crate::checks::place::{self, Place};
use crate::checks::subject::ExchangeCase;
use crate::exchange::Response;
use crate::soap;

use super::witness;

/// Whether a page for people answered a call, which Exchange never does: a device in front of it wants somebody to
/// sign in, or sends everybody to its own page.
pub(super) fn is_page(case: &ExchangeCase<'_>, response: &Response) -> bool {
    let called = case.request().is_some_and(|request| request.method == "POST");
    case.place == Place::Exchange
        && witness::is_page(response)
        && (called || !witness::bears_marks(&response.head))
}

/// Whether nothing of the body is there that would tell of an error: EWS reports errors in answers of status 200. What
/// ends before the first response message, or cannot be decoded up to it, tells no more than nothing at all.
pub(super) fn is_unseen(case: &ExchangeCase<'_>, response: &Response) -> bool {
    let body = &response.body;
    let ews = place::raw_segment(case.path()).eq_ignore_ascii_case("ews");
    ews && !body.told
        && (!body.complete || case.is_answer_garbled())
        && !soap::ews::names_class(case.answer())
}
