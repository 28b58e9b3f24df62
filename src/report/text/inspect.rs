//! `inspect -o text`

use std::io::{self, Write};

use super::paint::Paint;
use super::table::{rest, table};
use super::wrap::{wrap, wrap_address};
use crate::exchange::Exchange;
use crate::report::claims::{date, pretty};
use crate::report::escape::{shorten, terminal};
use crate::report::json::model::location;
use crate::report::mask::Mask;
use crate::report::reason::{self, counted};
use crate::report::{Inspection, Listed, Options, authentication, words};
use crate::token::{Token, TokenId};

/// Lines that an address may take in the table.
const ADDRESS_LINES: usize = 4;

/// Columns that an address needs to stand beside the other cells.
const ADDRESS_COLUMNS: usize = 60;

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn inspection(inspection: &Inspection, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint { color: options.color };
    let several = inspection.inputs.len() > 1;
    for (number, input) in inspection.inputs.iter().enumerate() {
        let compression = input.compression.map_or(String::new(), |name| format!(" in {name}"));
        let packets =
            if input.packets > 0 { format!(", {}", counted(input.packets, "packet")) } else { String::new() };
        let cut = if input.truncated { ", cut at the end" } else { "" };
        let number = if several { format!("{number}: ") } else { String::new() };
        let follows = words::follows(input);
        writeln!(
            out,
            "{number}{}: {}{compression}, {}{packets}, {}{cut}{follows}",
            terminal(&input.path),
            input.kind.name(),
            counted(input.bytes, "byte"),
            words::found(input)
        )?;
    }
    writeln!(out)?;
    exchanges(inspection, options, paint, out)?;
    tokens(inspection, options, paint, out)?;
    connections(inspection, options, paint, out)
}

fn exchanges(
    inspection: &Inspection,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}", paint.heading("Exchanges"))?;
    if inspection.exchanges.is_empty() {
        return writeln!(out, "  none could be read\n");
    }
    let mask = Mask::new(options.show_secrets);
    let header = ["#", "time", "status", "sent", "tokens", "request"];
    let mut rows: Vec<Vec<String>> = Vec::with_capacity(inspection.exchanges.len());
    for (number, listed) in inspection.exchanges.iter().enumerate() {
        rows.push(vec![
            number.to_string(),
            listed.exchange.time().map_or("-".into(), |time| clock(&time.to_string())),
            status(&listed.exchange),
            sent(&listed.exchange),
            numbers(&listed, inspection),
        ]);
    }
    let column = |at: usize| {
        rows.iter().filter_map(|row| row.get(at)).map(String::as_str).chain(header.get(at).copied()).collect()
    };
    let columns = rest(options.width, 2, (0..header.len() - 1).map(column));
    // Where an address would be broken in pieces it stands on lines of its own.
    let beside = columns >= ADDRESS_COLUMNS;
    let columns = if beside { columns } else { options.width.saturating_sub(5) };
    let addresses = inspection.exchanges.iter().map(|listed| request(&listed, inspection, mask, columns));
    if beside {
        rows.iter_mut().zip(addresses).for_each(|(row, address)| row.push(address.join("\n")));
        table(&header, rows, 2).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    } else {
        let tall: Vec<usize> =
            rows.iter().map(|row| row.get(3).map_or(1, |sent| sent.lines().count().max(1))).collect();
        let mut lines = table(header.get(..5).unwrap_or_default(), rows, 2).into_iter();
        lines.next().map_or(Ok(()), |heading| writeln!(out, "{heading}"))?;
        for (tall, address) in tall.into_iter().zip(addresses) {
            lines.by_ref().take(tall).try_for_each(|line| writeln!(out, "{line}"))?;
            address.iter().try_for_each(|line| writeln!(out, "     {line}"))?;
        }
    }
    writeln!(out)
}

/// The time of day; the date stands in JSON.
fn clock(time: &str) -> String {
    let time = time.split('T').nth(1).unwrap_or(time).trim_end_matches('Z');
    time.chars().take("00:00:00.000".len()).collect()
}

fn status(exchange: &Exchange) -> String {
    exchange.response.as_ref().map_or("-".into(), |response| response.status.to_string())
}

fn sent(exchange: &Exchange) -> String {
    let one = |sent: &authentication::Sent| {
        let scheme = sent
            .scheme
            .as_deref()
            .map_or("(no scheme)".into(), |scheme| terminal(&shorten(scheme, 12)).into_owned());
        if sent.empty { format!("{scheme} (empty)") } else { scheme }
    };
    let all: Vec<_> = authentication::sent(exchange).iter().map(one).collect();
    if all.is_empty() { "-".into() } else { all.join("\n") }
}

fn numbers(listed: &Listed, inspection: &Inspection) -> String {
    match listed.numbers(&inspection.order, None).as_slice() {
        [] => "-".into(),
        numbers => {
            let shown: Vec<_> = numbers.iter().take(6).map(usize::to_string).collect();
            format!("{}{}", shown.join(" "), if numbers.len() > 6 { " …" } else { "" })
        }
    }
}

fn request(listed: &Listed, inspection: &Inspection, mask: Mask, columns: usize) -> Vec<String> {
    let Some(address) = words::request(listed, inspection, mask) else {
        return vec!["(the request was not seen)".into()];
    };
    let mut lines = wrap_address(&terminal(&address), columns);
    if lines.len() > ADDRESS_LINES {
        lines.truncate(ADDRESS_LINES);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines
}

fn tokens(inspection: &Inspection, options: &Options, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", paint.heading("Tokens"))?;
    if inspection.order.tokens().is_empty() {
        return writeln!(out, "  none\n");
    }
    for (number, id) in inspection.order.tokens().iter().enumerate() {
        let one = |token: &Token| one_token(number, *id, token, inspection, options, out);
        inspection.tokens.visit(*id, one).transpose()?;
    }
    writeln!(out)
}

fn one_token(
    number: usize,
    id: TokenId,
    token: &Token,
    inspection: &Inspection,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let seen = inspection.tokens.sightings(id);
    let place = seen.and_then(|seen| seen.first.as_ref()).map(|(key, at)| {
        let number = inspection.exchanges.number(key);
        let exchange = number.map_or(String::new(), |number| format!(" of exchange {number}"));
        format!(", {}{exchange}", location(token, at, &inspection.tokens))
    });
    let times = seen.map_or(0, |seen| seen.count);
    let times = if times > 1 { format!(", in {times} exchanges") } else { String::new() };
    let inside = token.carried_by.iter().filter_map(|carrier| inspection.order.number(*carrier)).min();
    let inside = inside.map_or(String::new(), |carrier| format!(", inside token {carrier}"));
    let line = format!(
        "{number}: {}, fingerprint {}{inside}{}{times}",
        token.role.name(),
        token.fingerprint,
        place.unwrap_or_default()
    );
    for (index, line) in wrap(&terminal(&line), options.width.saturating_sub(5)).iter().enumerate() {
        writeln!(out, "  {}{line}", if index == 0 { "" } else { "   " })?;
    }
    let mask = Mask::new(options.show_secrets);
    for node in [token.header(), token.claims()].into_iter().flatten() {
        let shown = pretty(node, token, &inspection.tokens, &inspection.order, mask);
        for line in shown.text.lines() {
            let name = line.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
            let date = name.and_then(|name| date(name, node.get(name)?));
            let date = date.map_or(String::new(), |date| format!("   {date}"));
            writeln!(out, "     {line}{date}")?;
        }
    }
    if let Some(jwt) = &token.jwt {
        for fault in &jwt.faults {
            writeln!(out, "     note: {}", terminal(&fault.to_string()))?;
        }
        let signed = if jwt.is_signed() { "signed, not verified here" } else { "not signed" };
        writeln!(out, "     {signed}")?;
    }
    writeln!(out)
}

fn connections(
    inspection: &Inspection,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let all = inspection.connections.iter().enumerate();
    let odd: Vec<_> = all.filter_map(|(number, one)| Some((number, one, reason::of(one)?))).collect();
    if odd.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.heading("Connections that could not be read completely"))?;
    for (number, connection, reason) in odd {
        let end = |end: Option<crate::exchange::Endpoint>| end.map_or("?".into(), |end| end.to_string());
        let line = format!("{number}: {} to {}: {reason}", end(connection.client), end(connection.server));
        for (index, line) in wrap(&terminal(&line), options.width.saturating_sub(5)).iter().enumerate() {
            writeln!(out, "  {}{line}", if index == 0 { "" } else { "   " })?;
        }
    }
    writeln!(out)
}
