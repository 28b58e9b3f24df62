use super::*;

fn rendered(document: &Document<'_>, format: Format) -> String {
    let options = Options { show_secrets: false, color: false, width: 80 };
    let mut out = Vec::new();
    render(document, format, &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn show() {
    let (verification, inspection) = (sample::verification(), sample::inspection());
    println!("{}", rendered(&Document::Verification(&verification), Format::Text));
    println!("{}", rendered(&Document::Inspection(&inspection), Format::Text));
    println!("{}", rendered(&Document::Verification(&verification), Format::Json));
    println!("{}", rendered(&Document::Inspection(&inspection), Format::Json));
    println!("{}", rendered(&Document::Verification(&verification), Format::Markdown));
}
