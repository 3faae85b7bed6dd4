//! The targets of the fuzzer for a bounded while: a few thousand mutants of each corpus, none of which may
//! panic, hang, or take more memory than a small multiple of its size. cargo-fuzz goes on from here.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "tests"
)]

#[path = "fuzz_smoke/corpus.rs"]
mod corpus;
#[path = "hostile_stores/mutants.rs"]
mod mutants;
#[path = "hostile_stores/seeds.rs"]
mod seeds;
#[path = "fuzz_smoke/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mutants::{Dice, mutation};
use peak_alloc::PeakAlloc;
use targets::TARGETS;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory is counted for the whole process, so tests take turns.
static TURN: Mutex<()> = Mutex::new(());

/// A hang, and never a slow machine.
const TOO_LONG: Duration = Duration::from_secs(20);

const MUTANTS: usize = 10_000;

macro_rules! smoke {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
                smoke(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_run_here_and_by_the_fuzzer() {
            let here = [$(stringify!($name)),*];
            let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, here);
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let manifest = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
            let fuzzed = manifest.lines().filter_map(|line| line.strip_prefix("name = \""));
            let fuzzed: Vec<&str> = fuzzed.skip(1).map(|rest| rest.trim_end_matches('"')).collect();
            assert_eq!(names, fuzzed);
            for name in names {
                let target = root.join(format!("fuzz/fuzz_targets/{name}.rs"));
                let text = std::fs::read_to_string(&target).unwrap();
                assert!(text.contains(&format!("targets::run(\"{name}\", data)")), "{name}");
            }
        }
    };
}

smoke! {
    bks
    uber
    jks
    jceks
    java_serialization
    pkcs12
    bcfks
    pem
    certificate
    revocation_list
    inspect
}

fn smoke(target: &str) {
    let seeds = corpus::of(target);
    let reach = seeds.iter().map(Vec::len).max().unwrap_or(0);
    assert!(reach > 50, "{target} has seeds");
    for seed in &seeds {
        survive(target, seed);
    }
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..MUTANTS {
        let mut bytes = seeds[dice.below(seeds.len())].clone();
        for _ in 0..=dice.below(4) {
            mutation(&mut bytes, &seeds, &mut dice);
        }
        survive(target, &bytes);
    }
}

fn survive(target: &str, bytes: &[u8]) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| targets::run(target, bytes)));
    let used = MEMORY.peak_usage().saturating_sub(before);
    let allowed = 32 * bytes.len() + (64 << 10);
    let wrong = if outcome.is_err() {
        "panics".to_owned()
    } else if start.elapsed() > TOO_LONG {
        "hangs".to_owned()
    } else if used > allowed {
        format!("takes {used} bytes of memory for {}", bytes.len())
    } else {
        return;
    };
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
    std::fs::write(&kept, bytes).unwrap();
    panic!("{target} {wrong}; the input is kept in {}", kept.display());
}

/// Writes the corpus for cargo-fuzz: `CERTGEN_CORPUS=fuzz/corpus cargo test --test fuzz_smoke corpus`.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = std::env::var_os("CERTGEN_CORPUS");
    let folder = tempfile::tempdir().unwrap();
    let root = asked.map_or_else(|| folder.path().to_owned(), Into::into);
    for (name, _) in TARGETS {
        let folder = root.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, seed) in corpus::of(name).iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number:03}")), seed).unwrap();
        }
        assert!(std::fs::read_dir(&folder).unwrap().next().is_some());
    }
}
