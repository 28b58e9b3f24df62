//! Takes evidence, gives the line that says where to look: file, exchange, frames, place in the message.

use super::Verification;
use crate::checks::finding::Evidence;
use crate::json::Node;
use crate::token::Token;

/// `capture.pcapng: exchange 3, frames 17-19, request.header.authorization`
pub fn place(evidence: &Evidence, verification: &Verification) -> String {
    let mut parts = Vec::new();
    if let Some(number) = evidence.exchange.and_then(|key| verification.numbers.rank(&key)) {
        parts.push(format!("exchange {number}"));
    } else if let Some(connection) = evidence.connection.filter(|_| evidence.frames.is_empty()) {
        // Where there are frames, they say it in the words of every other tool.
        parts.push(format!("connection {connection}"));
    }
    if !evidence.frames.is_empty() {
        parts.push(frames(&evidence.frames));
    }
    parts.extend(evidence.location.clone());
    if let Some(claim) = &evidence.claim {
        parts.push(format!("claim {claim}"));
    }
    if parts.is_empty() {
        parts.extend(
            evidence.token.and_then(|token| verification.order.number(token)).map(|n| format!("token {n}")),
        );
    }
    let path = evidence
        .input
        .and_then(|input| verification.inputs.get(input as usize))
        .map(|input| input.path.as_str());
    match (path, parts.is_empty()) {
        (Some(path), false) => format!("{path}: {}", parts.join(", ")),
        (Some(path), true) => path.to_owned(),
        (None, _) => parts.join(", "),
    }
}

/// `header.alg` and `/appctx/nameid` point at the top-level members `alg` and `appctx`.
pub fn member_name(claim: &str) -> &str {
    let name = claim.strip_prefix("header.").unwrap_or(claim).trim_start_matches('/');
    name.split('/').next().unwrap_or(name)
}

/// The part of a token that a claim's name points at: its claims, or its header.
pub fn shown_part<'t>(token: &'t Token, claim: &str) -> Option<&'t Node> {
    let has = |node: &&Node| node.get(member_name(claim)).is_some();
    let (header, claims) = (token.header(), token.claims());
    let found = if claim.starts_with("header.") {
        header.filter(has).or(claims.filter(has))
    } else {
        claims.filter(has).or(header.filter(has))
    };
    found.or(claims).or(header)
}

/// `frame 3`, `frames 17-19, 25`
pub fn frames(frames: &[u64]) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for &frame in frames {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(frame) => *last = frame,
            _ => runs.push((frame, frame)),
        }
    }
    let run = |(first, last): &(u64, u64)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    let word = if frames.len() == 1 { "frame" } else { "frames" };
    format!("{word} {}", runs.iter().map(run).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::frames;

    #[test]
    fn frames_are_joined_to_runs() {
        assert_eq!(frames(&[3]), "frame 3");
        assert_eq!(frames(&[17, 18, 19, 25]), "frames 17-19, 25");
    }
}
