//! The ramps: `[ramps]`, lists that names are screened against, and how long an approval counts.

use std::path::PathBuf;

use anyhow::ensure;
use domain::time::DAY_MS;
use serde::Deserialize;

const APPROVAL_DAYS_MAX: u32 = 3_650;
const LISTS_MAX: usize = 64;

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RampsConfig {
    /// Files with a name or an address a line, `#` for comments; read anew when they change.
    pub screening_lists: Vec<PathBuf>,
    /// How long what was approved counts.
    pub kyc_approval_days: u32,
}

impl Default for RampsConfig {
    fn default() -> Self {
        RampsConfig { screening_lists: Vec::new(), kyc_approval_days: 365 }
    }
}

impl RampsConfig {
    pub fn approval_ms(&self) -> i64 {
        i64::from(self.kyc_approval_days) * DAY_MS
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        let days = self.kyc_approval_days;
        ensure!(
            (1..=APPROVAL_DAYS_MAX).contains(&days),
            "ramps.kyc_approval_days: must be 1 to {APPROVAL_DAYS_MAX}"
        );
        ensure!(
            self.screening_lists.len() <= LISTS_MAX,
            "ramps.screening_lists: at most {LISTS_MAX} files"
        );
        Ok(())
    }
}
