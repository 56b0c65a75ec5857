//! A ramp user as REST and events show him: without anything that is sealed.

use serde::Serialize;

use super::{PostalAddress, RampUser, UserStatus, UserType};
use crate::country::Country;
use crate::environment::Environment;
use crate::ids::{KycCaseId, RampUserId};
use crate::kyc::{KycLevel, KycStatus};
use crate::time::Timestamp;

/// Somebody a merchant moves money for.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RampUser)]
pub struct RampUserView {
    /// Always `ramp_user`.
    pub object: &'static str,
    pub id: RampUserId,
    pub status: UserStatus,
    pub environment: Environment,
    #[serde(rename = "type")]
    pub kind: UserType,
    /// The merchant himself.
    #[serde(rename = "self")]
    pub is_self: bool,
    pub name: String,
    pub email: Option<String>,
    pub country: Country,
    pub address: Option<PostalAddress>,
    /// Your own id of him.
    pub external_id: Option<String>,
    /// A birth date is kept, sealed; only the export shows it.
    pub has_birth_date: bool,
    /// How many documents are kept, sealed; only the export shows them.
    pub identification_count: i64,
    pub kyc: KycView,
    pub created_at: i64,
    pub updated_at: i64,
}

/// How well a user is known.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RampUserKyc)]
pub struct KycView {
    pub status: KycStatus,
    /// The level that is approved and has not expired.
    pub level: Option<KycLevel>,
    /// The level the latest case asks for.
    pub requested_level: Option<KycLevel>,
    pub case_id: Option<KycCaseId>,
    /// Epoch seconds; when the approval ends.
    pub expires_at: Option<i64>,
}

impl RampUser {
    pub fn view(&self, now: Timestamp) -> RampUserView {
        RampUserView {
            object: "ramp_user",
            id: self.id,
            status: self.status(),
            environment: self.environment,
            kind: self.kind,
            is_self: self.is_self,
            name: self.name.clone(),
            email: self.email.clone(),
            country: self.country,
            address: self.address.clone(),
            external_id: self.external_id.clone(),
            has_birth_date: self.has_birth_date,
            identification_count: self.identification_count,
            kyc: KycView {
                status: self.kyc.status(now),
                level: self.kyc.level(now),
                requested_level: self.kyc.requested,
                case_id: self.kyc.case_id,
                expires_at: self.kyc.approval.map(|approval| approval.expires_at.seconds()),
            },
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }
}
