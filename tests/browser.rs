//! The HTML report in a real browser: no error on the console, and the script works under the page's own
//! content security policy.

use std::process::Command;

fn chromium() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

#[test]
fn the_page_opens_without_a_word_on_the_console() {
    let Some(browser) = chromium() else {
        eprintln!("skipped: no chromium");
        return;
    };
    let root = env!("CARGO_MANIFEST_DIR");
    let folder = std::env::temp_dir().join(format!("oauthtrace-browser-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let page = folder.join("report.html");
    let output = Command::new(assert_cmd::cargo::cargo_bin!("oauthtrace"))
        .args(["verify", &format!("{root}/captures/wrong-tenant/traffic.har"), "-o", "html"])
        .args(["--tenant", "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11"])
        .output()
        .unwrap();
    std::fs::write(&page, &output.stdout).unwrap();

    let flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --enable-logging=stderr --dump-dom --window-size=400,800";
    let shown = Command::new(browser)
        .args(flags.split_whitespace())
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let _ = std::fs::remove_dir_all(&folder);
    let (dom, log) = (String::from_utf8_lossy(&shown.stdout), String::from_utf8_lossy(&shown.stderr));
    let console: Vec<_> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{console:?}");
    assert!(dom.contains("<strong>FAIL</strong>"));
    // Written by the script.
    assert!(dom.contains(" shown</output>"), "the filters do not work");
}
