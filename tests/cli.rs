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
    // Its commands write files, so they run in a folder of their own.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("README.out")).unwrap();
    let copy = folder.join("README.md");
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    std::fs::copy(readme, &copy).unwrap();
    cases().case(copy).run();
}

fn cases() -> TestCases {
    let cases = TestCases::new();
    for (name, value) in [("NO_COLOR", "1"), ("TZ", "UTC"), ("LC_ALL", "C")] {
        cases.env(name, value);
    }
    cases.timeout(std::time::Duration::from_secs(120));
    cases
}
