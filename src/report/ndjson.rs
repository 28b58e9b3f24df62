//! Takes an inspection, gives one exchange a line; takes a verification, gives one finding a line.

use std::io::{self, Write};

use super::json::{model, verdict, write_json};
use super::mask::Mask;
use super::{Inspection, Options, Verification};

/// `inspect -o ndjson`
///
/// # Errors
/// Those of `out`.
pub fn inspection(inspection: &Inspection, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    for (index, listed) in inspection.exchanges.iter().enumerate() {
        let record = model::exchange(index, &listed, &inspection.tokens, &inspection.order, mask);
        write_json(&record, false, out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// `verify -o ndjson`
///
/// # Errors
/// Those of `out`.
pub fn verification(verification: &Verification, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    for record in verdict::findings(verification, Mask::new(options.show_secrets)) {
        write_json(&record, false, out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
