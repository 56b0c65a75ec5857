//! A one-time code on acts that move money, from members who have enrolled one.

use domain::changes::Changes;
use domain::member::{Member, PasswordIs};

use super::proof::{Judged, judge};
use super::{active_member, sign_in_failed};
use crate::app::App;
use crate::http::auth::{Caller, Credential};
use crate::http::error::ApiError;

/// What a code comes to.
pub enum Coded {
    /// The code is right, or none is needed; what it changes goes with the act.
    Right(Changes),
    /// The change that counts the failure, which is committed instead of the act.
    Wrong(Changes, ApiError),
}

/// Judges the code of a member who has enrolled one; everybody else needs none.
pub async fn code_of(app: &App, caller: &Caller, code: Option<&str>) -> Result<Coded, ApiError> {
    let nothing = Changes::of(caller.merchant_id);
    let Credential::Member { id, .. } = &caller.credential else {
        return Ok(Coded::Right(nothing));
    };
    let member: Member = active_member(app, *id).await?.ok_or_else(sign_in_failed)?;
    if !member.totp_confirmed {
        return Ok(Coded::Right(nothing));
    }
    match judge(app, member, PasswordIs::Right, code)? {
        Judged::Admitted(member) => Ok(Coded::Right(member.save(app.now()))),
        Judged::Refused(changes) => Ok(Coded::Wrong(changes, sign_in_failed())),
    }
}
