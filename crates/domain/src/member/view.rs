//! A member as the API shows it.

use serde::Serialize;

use super::{Member, Role};
use crate::ids::{MemberId, MerchantId};
use crate::time::{Timestamp, as_seconds};

/// A person who may act for a merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MemberView {
    /// Always `member`.
    pub object: &'static str,
    pub id: MemberId,
    pub merchant_id: MerchantId,
    pub email: String,
    pub role: Role,
    /// Whether a password was set: an invited member has none at first.
    pub has_password: bool,
    /// Whether signing in takes a one-time code.
    pub totp_enabled: bool,
    /// Wallets that sign this member in.
    pub wallets: Vec<String>,
    /// Epoch seconds.
    #[serde(serialize_with = "as_seconds")]
    #[schema(value_type = i64)]
    pub created_at: Timestamp,
}

impl From<&Member> for MemberView {
    fn from(member: &Member) -> MemberView {
        MemberView {
            object: "member",
            id: member.id,
            merchant_id: member.merchant_id,
            email: member.email.clone(),
            role: member.role,
            has_password: member.password_hash.is_some(),
            totp_enabled: member.totp_confirmed,
            wallets: member.wallets.clone(),
            created_at: member.created_at,
        }
    }
}
