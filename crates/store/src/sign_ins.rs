//! Sign-ins as rows: refreshed by key, listed to end them all.
//!
//! The sign-in is JSON beside what the list of open ones looks into. Ended and expired ones are
//! never read again.

use domain::changes::Noun;
use domain::ids::MemberId;
use domain::sign_in::SignIn;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 4] = [
    mutable("body", Kind::Text),
    frozen("member_id", Kind::Key),
    mutable("expires_at", Kind::Int),
    mutable("ended_at", Kind::Int).or_null(),
];

impl Row for SignIn {
    const TABLE: Table = Table {
        noun: Noun::SignIn,
        name: "sign_ins",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            Value::json(&self),
            self.member_id.into(),
            self.expires_at.into(),
            self.ended_at.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<SignIn, StoreError> {
        Ok(SignIn { version: cells.version, ..cells.body(SignIn::key)? })
    }
}

pub(crate) fn of_member(member_id: MemberId, now: Timestamp) -> List<SignIn> {
    List::new(" WHERE ended_at IS NULL")
        .bind(" AND member_id = ", member_id)
        .bind(" AND expires_at > ", now)
        .push(" ORDER BY expires_at DESC")
}

impl Store {
    /// Every open sign-in of a member, the one that lasts longest first.
    pub async fn sign_ins_of_member(
        &self,
        member_id: MemberId,
        now: Timestamp,
    ) -> Result<Vec<SignIn>, StoreError> {
        of_member(member_id, now).read(self).await
    }
}
