//! Bytes changed a little, the same way each time.

/// One change of one of eight sorts.
pub fn mutation(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let length = bytes.len();
    if length == 0 {
        return;
    }
    let at = dice.below(length);
    match dice.below(8) {
        0 => bytes[at] ^= 1 << dice.below(8),
        1 => bytes[at] = dice.byte(),
        2 => bytes.truncate(at),
        3 => {
            bytes.remove(at);
        }
        4 => bytes.insert(at, dice.byte()),
        5 => {
            let values: [u32; 6] = [0, 1, u32::MAX, 0x7fff_ffff, 0xffff, 0x8000_0000];
            put(bytes, at, &values[dice.below(6)].to_be_bytes());
        }
        6 => {
            let end = (at + dice.below(64)).min(length);
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
        _ => {
            let other = &seeds[dice.below(seeds.len())];
            let from = dice.below(other.len().max(1)).min(other.len());
            bytes.splice(at.., other[from..].iter().copied());
        }
    }
}

/// Overwrites what is there from `at` on.
pub fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    for (to, from) in bytes.iter_mut().skip(at).zip(value) {
        *to = *from;
    }
}

/// A small generator, so that a mutant that fails can be had again.
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from((self.next() >> 16) % end).unwrap()
    }

    pub fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
}
