//! What a person sees: every transcript of `tests/cli` and of the README, run and compared whole.
//!
//! Commands of one file run one after the other in one empty folder (a `NAME.out` folder beside
//! the file asks for that). `TRYCMD=overwrite cargo test --test cli` writes what is printed now
//! into the transcripts; look at the difference before it is kept. What changes from run to run is
//! written `[..]`.

use std::path::Path;

use trycmd::TestCases;

#[test]
fn transcripts() {
    cases().case("tests/cli/*.md").run();
}

#[test]
fn readme() {
    // Its commands write files, so they run in a folder of their own, at the day that it shows.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("README.out")).unwrap();
    let copy = folder.join("README.md");
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    assert!(text.matches("```console").count() > 2, "{text}");
    std::fs::write(&copy, text.lines().map(comparable).collect::<String>()).unwrap();
    cases().case(copy).run();
}

/// A line of the README with the clock in the command, and `[..]` for what is new in each run.
fn comparable(line: &str) -> String {
    if line.starts_with("$ ") {
        return line.replacen("certgen ", "certgen --now 2026-01-01T00:00:00Z ", 1) + "\n";
    }
    let mut words = line.replace("/home/you", "[CWD]");
    if rustix::process::geteuid().is_root() {
        words = words.replacen("  sudo ", "  ", 1);
    }
    let mut out: Vec<String> = Vec::new();
    for word in words.split(' ') {
        let text = word.trim_end_matches(',');
        let is_name = out.last().is_some_and(|before| before == "CA");
        let is_random = text.chars().all(|c| c.is_ascii_hexdigit())
            && (text.len() >= 39 || is_name && text.len() == 6);
        out.push(if is_random {
            word.replace(text, "[..]")
        } else {
            word.to_owned()
        });
    }
    out.join(" ") + "\n"
}

fn cases() -> TestCases {
    let cases = TestCases::new();
    for (name, value) in [("NO_COLOR", "1"), ("TZ", "UTC"), ("LC_ALL", "C")] {
        cases.env(name, value);
    }
    cases.timeout(std::time::Duration::from_secs(120));
    cases
}
