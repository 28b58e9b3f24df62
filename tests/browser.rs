//! The HTML report in a real browser, on a phone and on a desk, dark and light: no error on the console, the script
//! works under the page's own content security policy, and nothing but drawings is wider than the screen.

use std::path::{Path, PathBuf};
use std::process::Command;

fn chromium() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The page as the browser built it, and what it said on the console. Colours: 0 dark, 1 light.
fn open(browser: &str, folder: &Path, page: &str, width: u32, colours: u8) -> (String, Vec<String>) {
    let path = folder.join("page.html");
    std::fs::write(&path, page).unwrap();
    let flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --enable-logging=stderr --dump-dom";
    let shown = Command::new(browser)
        .args(flags.split_whitespace())
        .arg(format!("--window-size={width},800"))
        .arg(format!("--blink-settings=preferredColorScheme={colours}"))
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&shown.stderr);
    let console = log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    (String::from_utf8_lossy(&shown.stdout).into_owned(), console)
}

/// Measures the page. The policy of the page keeps foreign scripts out, so it has to go for that.
const MEASURE: &str = "<script>
    var width = document.documentElement.clientWidth;
    document.querySelectorAll('details').forEach(function (part) { part.open = true; });
    var wide = Array.prototype.filter.call(document.querySelectorAll('main *'), function (part) {
        return !part.closest('.scroll') && part.getBoundingClientRect().right > width + 1;
    });
    document.title = 'wide: ' + wide.length + ' ' + (wide.length ? wide[0].outerHTML.slice(0, 200) : '');
    document.title += ', ground: ' + getComputedStyle(document.body).backgroundColor;
</script></body>";

#[test]
fn the_page_opens_without_a_word_on_the_console_and_fits_every_screen() {
    let Some(browser) = chromium() else {
        eprintln!("skipped: no chromium");
        return;
    };
    let root = env!("CARGO_MANIFEST_DIR");
    let folder = Folder(std::env::temp_dir().join(format!("oauthtrace-browser-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0).unwrap();
    for case in ["wrong-tenant", "rolled-certificate"] {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("oauthtrace"))
            .args(["verify", &format!("{root}/captures/{case}/traffic.har"), "-o", "html"])
            .args(["--tenant", "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11"])
            .args(["--cert", &format!("{root}/captures/certs/OAuthCert.cer")])
            .output()
            .unwrap();
        let page = String::from_utf8(output.stdout).unwrap();
        let policy = page.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();
        let measured = page.replace(policy, "").replace("</body>", MEASURE);
        for (width, colours, ground) in [(400, 0, "rgb(20, 24, 29)"), (1280, 1, "rgb(255, 255, 255)")] {
            let (dom, console) = open(browser, &folder.0, &page, width, colours);
            assert!(console.is_empty(), "{console:?}");
            assert!(dom.contains("<strong>FAIL</strong>"));
            // Written by the script.
            assert!(dom.contains(" shown</output>"), "the filters do not work");
            let (dom, _) = open(browser, &folder.0, &measured, width, colours);
            let title = dom.split("<title>").nth(1).unwrap_or_default().split("</title>").next().unwrap();
            assert!(title.starts_with("wide: 0,"), "{case} at {width}: {title}");
            assert!(title.ends_with(ground), "{case} at {width}: {title}");
        }
    }
}
