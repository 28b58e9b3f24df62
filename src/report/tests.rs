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
    std::fs::write("/tmp/report-v.html", rendered(&Document::Verification(&verification), Format::Html))
        .unwrap();
    std::fs::write("/tmp/report-i.html", rendered(&Document::Inspection(&inspection), Format::Html)).unwrap();
}
