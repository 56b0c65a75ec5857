//! The ramps over HTTP: whom a merchant moves money for, how well he is known, where he banks.
//!
//! Routes of a merchant take his key or a member's token. What a user's own client may do takes
//! `RampCaller`, which is either of those or a session of that user.

pub mod access;
pub mod addresses;
pub mod balances;
pub mod bank_accounts;
pub mod caller;
pub mod corridors;
pub mod deposits;
pub mod kyc;
pub mod kyc_page;
pub mod lost_payouts;
pub mod onramps;
pub mod payouts;
pub mod personal_data;
pub mod providers;
pub mod quotes;
pub mod reviews;
pub mod sessions;
pub mod users;
pub mod virtual_accounts;

pub use caller::RampCaller;

use domain::environment::Environment;
use domain::ids::{MerchantId, RampUserId};
use domain::ramp_user::RampUser;
use domain::secret::SealError;

use crate::app::App;
use crate::http::error::{ApiError, Code};

/// The user of that id, if he is this merchant's and of this environment.
pub async fn user_of(
    app: &App,
    (merchant_id, environment): (MerchantId, Environment),
    id: RampUserId,
) -> Result<RampUser, ApiError> {
    let user = app.store.get::<RampUser>(id.key()).await?;
    let user = user.filter(|user| user.is_of(merchant_id, environment));
    user.ok_or_else(|| ApiError::not_found("user"))
}

/// What is sealed does not open: a master key is missing, and nobody but the operator can help.
fn unreadable(error: SealError) -> ApiError {
    tracing::error!(%error, "what is sealed of a ramp user does not open");
    ApiError::new(Code::InternalServerError, "Something went wrong on our side")
}
