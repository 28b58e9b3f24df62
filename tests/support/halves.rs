//! Compares the exchanges of two runs: equal, or no more than what was there.

use oauthtrace::exchange::{Body, Exchange, Head};

use super::everything::Everything;

/// A name and a value.
type Field = (Vec<u8>, Vec<u8>);

fn fields(head: &Head) -> Vec<Field> {
    head.fields().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}

/// One half of an exchange: start line, fields, and the body when it is whole.
#[derive(Clone, PartialEq, Debug)]
pub struct Half {
    start: Vec<String>,
    fields: Vec<Field>,
    body: Option<Vec<u8>>,
    /// A loss cut the exchange's head off: the fields before it are known.
    cut: bool,
}

impl Half {
    fn of(start: Vec<String>, head: &Head, body: &Body) -> Self {
        Self { start, fields: fields(head), body: body.complete.then(|| body.bytes.to_vec()), cut: false }
    }

    /// What tells it from others, for people.
    fn line(&self) -> String {
        let fields = self.fields.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value);
            format!("{}={}", String::from_utf8_lossy(name), value.chars().take(24).collect::<String>())
        });
        let body = self.body.as_ref().map_or_else(|| "cut".to_owned(), |body| body.len().to_string());
        format!("{} {} body {body}", self.start.join(" "), fields.collect::<Vec<_>>().join(" "))
    }

    fn cut(mut self, exchange: &Exchange) -> Self {
        let marked = exchange.oddities.iter().any(|oddity| oddity.name == "http-head-cut");
        self.cut = marked && self.body.is_none();
        self
    }

    /// Whether the fields are those of `whole`. Where HPACK entries are unknown, a field without name and value may
    /// be a pseudo-header field, and the others stand among the true ones in their order.
    fn fields_of(&self, whole: &Self) -> bool {
        let bytes = |seen: &Vec<u8>, whole: &Vec<u8>| seen.is_empty() || seen == whole;
        let unknown = self.fields.iter().any(|(name, _)| name.is_empty());
        if !unknown {
            return self.fields == whole.fields || self.cut && whole.fields.starts_with(&self.fields);
        }
        let mut rest = whole.fields.iter();
        self.fields
            .iter()
            .filter(|(name, value)| !name.is_empty() || !value.is_empty())
            .all(|seen| rest.any(|whole| bytes(&seen.0, &whole.0) && bytes(&seen.1, &whole.1)))
    }

    /// Whether this is `whole`, or as much of it as was seen.
    fn is_part_of(&self, whole: &Self) -> bool {
        // HPACK entries from before a loss stay empty: unknown, which is not invented.
        let word = |(seen, whole): (&String, &String)| seen.is_empty() || seen == whole;
        self.start.len() == whole.start.len()
            && self.start.iter().zip(&whole.start).all(word)
            && self.fields_of(whole)
            && self.body.as_ref().is_none_or(|body| whole.body.as_ref() == Some(body))
    }
}

/// Status 0 stands for one that is not known.
fn status(status: u16) -> String {
    if status == 0 { String::new() } else { status.to_string() }
}

pub fn halves(exchange: &Exchange) -> (Option<Half>, Option<Half>) {
    let request = exchange.request.as_ref().map(|request| {
        let host = request.host.clone().unwrap_or_default();
        let start = vec![request.method.clone(), request.target.clone(), host];
        Half::of(start, &request.head, &request.body).cut(exchange)
    });
    let response = exchange.response.as_ref().map(|response| {
        Half::of(vec![status(response.status)], &response.head, &response.body).cut(exchange)
    });
    (request, response)
}

/// Every exchange of `seen` is one of `truth`, perhaps with something missing.
pub fn assert_honest(seen: &Everything, truth: &Everything, what: &str) {
    let whole: Vec<_> = truth.exchanges.iter().map(halves).collect();
    for exchange in &seen.exchanges {
        let (request, response) = halves(exchange);
        let part = |part: &Option<Half>, whole: &Option<Half>| match (part, whole) {
            (None, _) => true,
            (Some(part), Some(whole)) => part.is_part_of(whole),
            (Some(_), None) => false,
        };
        let known = whole.iter().any(|(asked, answered)| part(&request, asked) && part(&response, answered));
        let line = |half: &Option<Half>| half.as_ref().map_or_else(|| "-".to_owned(), Half::line);
        let there: Vec<String> = whole.iter().map(|(a, b)| format!("{} | {}", line(a), line(b))).collect();
        let oddities: Vec<_> = exchange.oddities.iter().map(|oddity| oddity.name).collect();
        assert!(
            known,
            "{what}: an exchange that was not there, frames {:?} {oddities:?}:\n{} | {}\nof\n{}",
            exchange.frames,
            line(&request),
            line(&response),
            there.join("\n")
        );
    }
}

pub fn same(seen: &Everything, truth: &Everything) -> bool {
    let all = |all: &Everything| all.exchanges.iter().map(halves).collect::<Vec<_>>();
    let (mut seen, truth) = (all(seen), all(truth));
    truth.iter().all(|exchange| {
        let at = seen.iter().position(|other| other == exchange);
        at.map(|at| seen.remove(at)).is_some()
    }) && seen.is_empty()
}
