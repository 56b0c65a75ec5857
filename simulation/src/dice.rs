//! The dice of one life: equal seeds throw equally, and neighbours nothing alike. SplitMix64, not
//! for secrets.

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

pub struct Dice(u64);

impl Dice {
    /// Where a life begins is mixed too: were it a multiple of the step, every life would throw
    /// what the one before it threw, one throw earlier.
    pub fn new(seed: u64) -> Dice {
        Dice(mixed(mixed(seed.wrapping_add(STEP)) ^ STEP))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number below `sides`.
    pub fn below(&mut self, sides: u64) -> u64 {
        self.next() % sides.max(1)
    }

    /// A number of `range`, both ends included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most - least + 1).unwrap_or(1);
        least + i64::try_from(self.below(span)).unwrap_or(0)
    }

    /// True once in so many throws.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::Dice;

    fn thrown(seed: u64) -> Vec<u64> {
        let mut dice = Dice::new(seed);
        (0..64).map(|_| dice.below(u64::MAX)).collect()
    }

    #[test]
    fn neighbours_throw_nothing_alike() {
        assert_eq!(thrown(7), thrown(7));
        for seed in 0..200 {
            let (one, other) = (thrown(seed), thrown(seed + 1));
            assert!(one.iter().all(|number| !other.contains(number)), "seed {seed}");
        }
    }
}
