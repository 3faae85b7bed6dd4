//! Randomness as an argument, so that fixtures can be reproduced and codecs tested.

/// A source of random bytes.
pub trait Random {
    /// Fills `out` with random bytes.
    fn fill(&mut self, out: &mut [u8]);
}

/// The operating system's randomness, through aws-lc.
///
/// It is gathered on first use only: commands that need none start without it.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    ///
    /// When the operating system has no randomness to give; nothing safe can be done then.
    fn fill(&mut self, out: &mut [u8]) {
        #[expect(
            clippy::expect_used,
            reason = "without randomness no key or salt is safe"
        )]
        aws_lc_rs::rand::fill(out).expect("the operating system gives random bytes");
    }
}

/// `N` random bytes of `random`.
pub fn array<const N: usize>(random: &mut dyn Random) -> [u8; N] {
    let mut out = [0; N];
    random.fill(&mut out);
    out
}
