//! Making a merchant: its number, its row and its first owner, in one commit.
//!
//! The command line, the operator's route and the demo of `pepay dev` all come through here.

use domain::audit::{Actor, AuditEntry};
use domain::changes::Changes;
use domain::ids::{AuditId, MerchantId};
use domain::member::{Member, Role};
use domain::merchant::{Merchant, check_company_name, check_email};
use domain::password;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::sequence::Sequence;
use store::{CommitError, Store, StoreError};

use crate::clock::{Clock, entropy};

/// The number of the first merchant; zero is the house.
const FIRST_NUMBER: i64 = 1;

#[derive(Clone, Debug)]
pub struct NewMerchant {
    pub company_name: String,
    pub email: String,
    pub owner_email: String,
    /// None: the owner sets one by a password reset.
    pub owner_password: Option<Secret>,
    /// Production on mainnet refuses to run with a demo merchant.
    pub is_demo: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the owner's e-mail belongs to a member already")]
    EmailTaken,
    #[error("the password could not be hashed")]
    Hashing,
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for CreateError {
    fn from(error: StoreError) -> CreateError {
        CreateError::Commit(error.into())
    }
}

/// Makes a merchant and its owner. A number that another process took meanwhile is not reused.
pub async fn create(
    store: &Store,
    clock: &Clock,
    new: NewMerchant,
) -> Result<(Merchant, Member), CreateError> {
    let company_name = check_company_name(&new.company_name)?;
    let email = check_email("email", &new.email)?;
    let owner_email = check_email("owner_email", &new.owner_email)?;
    let password_hash = match new.owner_password {
        Some(password) => Some(hashed(password).await?),
        None => None,
    };
    let sequence_key = Sequence::merchant_key();
    loop {
        let mut fresh = clock.fresh();
        let now = fresh.now();
        let known = store.get::<Sequence>(sequence_key).await?;
        let (number, taken) = Sequence::take(known, sequence_key, FIRST_NUMBER, 1);
        let mut merchant = Merchant::new(MerchantId(number), &company_name, &email, now);
        merchant.is_demo = new.is_demo;
        let mut owner = Member::new(merchant.id, &owner_email, Role::Owner, &mut fresh);
        owner.password_hash = password_hash.clone();
        let mut changes = merchant.clone().save(now);
        changes.append(taken);
        changes.append(owner.clone().add(now));
        changes.insert(audit_entry(&merchant, AuditId::fresh(&mut fresh)));
        match commit(store, changes, &owner_email).await {
            Ok(()) => return Ok((merchant, owner)),
            Err(CreateError::Commit(CommitError::Conflict { key, .. })) if key == sequence_key => {}
            Err(CreateError::Commit(CommitError::AlreadyExists { key, .. }))
                if key == sequence_key => {}
            Err(error) => return Err(error),
        }
    }
}

async fn commit(store: &Store, changes: Changes, owner_email: &str) -> Result<(), CreateError> {
    match store.commit(changes).await {
        Ok(_) => Ok(()),
        Err(CommitError::AlreadyExists { key, .. }) if key == Member::email_key(owner_email) => {
            Err(CreateError::EmailTaken)
        }
        Err(error) => Err(error.into()),
    }
}

/// Hashing takes long on purpose, so it runs beside the request threads.
async fn hashed(password: Secret) -> Result<String, CreateError> {
    password::check_length("owner_password", password.expose())?;
    let hash = move || password::hash(password.expose(), &entropy());
    tokio::task::spawn_blocking(hash).await.map_err(|_| CreateError::Hashing)
}

fn audit_entry(merchant: &Merchant, id: AuditId) -> AuditEntry {
    AuditEntry {
        id,
        merchant_id: merchant.id,
        actor: Actor::Operator,
        action: "merchant.created".to_owned(),
        object: merchant.id.to_string(),
        request_id: None,
        ip: None,
        created_at: merchant.created_at,
        version: 0,
    }
}
