//! Wallets: linked by signature and password, opening the account of who lists them.

use domain::secret::encode_hex;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};
use sha3::{Digest as _, Keccak256};

use super::{
    NEW_PASSWORD, act, base32_decoded, code_of, is_let_in, knock, mailbox, owner, sign_in, token_in,
};
use crate::api_keys::member;
use crate::house::{House, OWNER_EMAIL, OWNER_PASSWORD, Reply};

/// A wallet that can sign challenges.
enum Wallet {
    Ethereum(k256::ecdsa::SigningKey),
    Solana(ed25519_dalek::SigningKey),
}

impl Wallet {
    fn kind(&self) -> &'static str {
        match self {
            Wallet::Ethereum(_) => "ethereum",
            Wallet::Solana(_) => "solana",
        }
    }

    fn address(&self) -> String {
        match self {
            Wallet::Ethereum(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                let hash = Keccak256::digest(&point.as_bytes()[1..]);
                format!("0x{}", encode_hex(&hash[12..]))
            }
            Wallet::Solana(key) => bs58::encode(key.verifying_key().as_bytes()).into_string(),
        }
    }

    fn sign(&self, message: &str) -> String {
        match self {
            Wallet::Ethereum(key) => {
                let text = format!("\x19Ethereum Signed Message:\n{}{message}", message.len());
                let digest = Keccak256::new_with_prefix(text.as_bytes());
                let (signature, recovery) = key.sign_digest_recoverable(digest).expect("signs");
                let recovery = [recovery.to_byte() + 27];
                format!("0x{}", encode_hex(&[&signature.to_bytes()[..], &recovery].concat()))
            }
            Wallet::Solana(key) => {
                bs58::encode(key.sign(message.as_bytes()).to_bytes()).into_string()
            }
        }
    }

    /// A challenge for this wallet, signed.
    async fn signed_challenge(&self, house: &House) -> Value {
        let body = json!({ "walletAddress": self.address(), "walletType": self.kind() });
        let challenge = knock(house, "/api/auth/wallet/challenge", body).await.ok();
        let message = challenge["message"].as_str().expect("a message");
        assert!(message.starts_with("localhost:3000 wants you to sign in"), "{message}");
        json!({
            "challengeId": challenge["challengeId"],
            "signature": self.sign(message),
            "walletAddress": self.address(),
            "walletType": self.kind(),
        })
    }
}

#[tokio::test]
async fn a_linked_wallet_signs_in_and_an_unknown_one_does_not() {
    let ethereum = k256::ecdsa::SigningKey::from_slice(&[0x46; 32]).expect("a key");
    let solana = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    for wallet in [Wallet::Ethereum(ethereum), Wallet::Solana(solana)] {
        let house = House::start().await;
        let verify = |body: Value| knock(&house, "/api/auth/wallet/verify", body);
        let unknown = verify(wallet.signed_challenge(&house).await).await;
        assert_eq!(unknown.error(), (401, "SIGN_IN_FAILED"), "nobody linked it yet");

        let token = owner(&house).await;
        let link = |mut body: Value| {
            body["password"] = json!(OWNER_PASSWORD);
            let (house, token) = (&house, token.clone());
            async move { act(house, &token, "POST", "/api/auth/wallet/link", body).await }
        };
        let signed = wallet.signed_challenge(&house).await;
        link(signed.clone()).await.ok();
        assert_eq!(verify(signed).await.status, 401, "that challenge is used up");
        let again = link(wallet.signed_challenge(&house).await).await;
        assert_eq!(again.error(), (409, "ALREADY_EXISTS"));

        let tokens = verify(wallet.signed_challenge(&house).await).await.ok();
        let wallets = tokens["member"]["wallets"].as_array().expect("a list");
        assert!(wallets[0].as_str().is_some_and(|one| one.eq_ignore_ascii_case(&wallet.address())));
        assert!(is_let_in(&house, tokens["access_token"].as_str().expect("a token")).await);

        let mut forged = wallet.signed_challenge(&house).await;
        forged["signature"] = json!(wallet.sign("another message"));
        assert_eq!(verify(forged).await.status, 401);
        let late = wallet.signed_challenge(&house).await;
        house.advance(600_000);
        assert_eq!(verify(late).await.status, 401, "ten minutes are over");
    }
}

fn ethereum(seed: u8) -> Wallet {
    Wallet::Ethereum(k256::ecdsa::SigningKey::from_slice(&[seed; 32]).expect("a key"))
}

/// Links a wallet with that password.
async fn link(house: &House, token: &str, wallet: &Wallet, password: &str) -> Reply {
    let mut body = wallet.signed_challenge(house).await;
    body["password"] = json!(password);
    act(house, token, "POST", "/api/auth/wallet/link", body).await
}

async fn unlink(house: &House, token: &str, wallet: &Wallet, password: &str) -> Reply {
    let (address, kind) = (wallet.address(), wallet.kind());
    let body = json!({ "walletAddress": address, "walletType": kind, "password": password });
    act(house, token, "POST", "/api/auth/wallet/unlink", body).await
}

async fn verify(house: &House, wallet: &Wallet) -> Reply {
    knock(house, "/api/auth/wallet/verify", wallet.signed_challenge(house).await).await
}

#[tokio::test]
async fn linking_and_unlinking_a_wallet_take_the_password() {
    let house = House::start().await;
    let (wallet, token) = (ethereum(1), owner(&house).await);
    let without = wallet.signed_challenge(&house).await;
    let without = act(&house, &token, "POST", "/api/auth/wallet/link", without).await;
    assert_eq!((without.status, without.param()), (400, "password"));
    let wrong = link(&house, &token, &wallet, "wrong").await;
    assert_eq!(wrong.error(), (401, "SIGN_IN_FAILED"));
    assert_eq!(verify(&house, &wallet).await.status, 401);
    let missing = unlink(&house, &token, &wallet, OWNER_PASSWORD).await;
    assert_eq!(missing.error(), (404, "NOT_FOUND"));
    link(&house, &token, &wallet, OWNER_PASSWORD).await.ok();
    let by_wallet = verify(&house, &wallet).await.ok();
    let by_wallet = by_wallet["access_token"].as_str().expect("a token");

    let wrong = unlink(&house, &token, &wallet, "wrong").await;
    assert_eq!(wrong.error(), (401, "SIGN_IN_FAILED"));
    assert!(is_let_in(&house, by_wallet).await);
    unlink(&house, &token, &wallet, OWNER_PASSWORD).await.ok();
    assert!(is_let_in(&house, &token).await && !is_let_in(&house, by_wallet).await);
    assert_eq!(verify(&house, &wallet).await.error(), (401, "SIGN_IN_FAILED"));
}

#[tokio::test]
async fn a_wallet_belongs_to_whoever_lists_it() {
    let house = House::start().await;
    let (wallet, token) = (ethereum(1), owner(&house).await);
    let other = member(&house, "developer").await;
    link(&house, &token, &wallet, OWNER_PASSWORD).await.ok();
    let taken = link(&house, &other, &wallet, "a long password").await;
    assert_eq!(taken.error(), (409, "ALREADY_EXISTS"));
    unlink(&house, &token, &wallet, OWNER_PASSWORD).await.ok();
    link(&house, &other, &wallet, "a long password").await.ok();
    let signed_in = verify(&house, &wallet).await.ok();
    assert_eq!(signed_in["member"]["role"], "developer");
    let taken = link(&house, &token, &wallet, OWNER_PASSWORD).await;
    assert_eq!(taken.error(), (409, "ALREADY_EXISTS"));

    let id = signed_in["member"]["id"].as_str().expect("an id");
    let path = format!("/api/v1/merchant/members/{id}");
    act(&house, &token, "DELETE", &path, Value::Null).await.ok();
    let back = json!({ "email": "developer@team.example", "role": "developer" });
    act(&house, &token, "POST", "/api/v1/merchant/members", back).await.ok();
    let refused = verify(&house, &wallet).await;
    assert_eq!(refused.error(), (401, "SIGN_IN_FAILED"), "it does not come back with him");
    link(&house, &token, &wallet, OWNER_PASSWORD).await.ok();
    assert_eq!(verify(&house, &wallet).await.ok()["member"]["role"], "owner");
}

#[tokio::test]
async fn wrong_passwords_at_a_wallet_lock_the_account() {
    let house = House::start().await;
    let (wallet, token) = (ethereum(1), owner(&house).await);
    for _ in 0..5 {
        assert_eq!(link(&house, &token, &wallet, "wrong").await.status, 401);
    }
    let locked = link(&house, &token, &wallet, OWNER_PASSWORD).await;
    assert_eq!(locked.error(), (429, "SIGN_IN_LOCKED"));
}

#[tokio::test]
async fn a_reset_password_takes_the_wallets_with_it() {
    let house = House::start().await;
    let (wallet, token) = (ethereum(1), owner(&house).await);
    link(&house, &token, &wallet, OWNER_PASSWORD).await.ok();
    knock(&house, "/api/auth/password/reset", json!({ "email": OWNER_EMAIL })).await.ok();
    let mailed = token_in(&mailbox(&house, 1).await[0]);
    let body = json!({ "token": mailed, "password": NEW_PASSWORD });
    knock(&house, "/api/auth/password/confirm", body).await.ok();
    assert_eq!(verify(&house, &wallet).await.error(), (401, "SIGN_IN_FAILED"));
    let token = sign_in(&house, OWNER_EMAIL, NEW_PASSWORD).await;
    link(&house, &token, &wallet, NEW_PASSWORD).await.ok();
    verify(&house, &wallet).await.ok();
}

#[tokio::test]
async fn a_wallet_does_not_stand_for_the_code() {
    let house = House::start().await;
    let (wallet, token) = (ethereum(1), owner(&house).await);
    link(&house, &token, &wallet, OWNER_PASSWORD).await.ok();
    let post = |path: &'static str, body: Value| {
        let (house, token) = (&house, token.clone());
        async move { act(house, &token, "POST", path, body).await }
    };
    let password = json!({ "password": OWNER_PASSWORD });
    let enrolled = post("/api/auth/totp/enroll", password).await.ok();
    let seed = base32_decoded(enrolled["secret"].as_str().expect("a seed"));
    post("/api/auth/totp/confirm", json!({ "code": code_of(&house, &seed) })).await.ok();

    let verify_with = |mut body: Value, code: String| {
        body["totp"] = json!(code);
        knock(&house, "/api/auth/wallet/verify", body)
    };
    assert_eq!(verify(&house, &wallet).await.error(), (401, "TOTP_REQUIRED"));
    let signed = wallet.signed_challenge(&house).await;
    let wrong = verify_with(signed.clone(), "000000".to_owned()).await;
    assert_eq!(wrong.error(), (401, "SIGN_IN_FAILED"));
    house.advance(30_000);
    verify_with(signed, code_of(&house, &seed)).await.ok();
    let linked = link(&house, &token, &ethereum(2), OWNER_PASSWORD).await;
    assert_eq!(linked.error(), (401, "TOTP_REQUIRED"));
    let unlinked = unlink(&house, &token, &wallet, OWNER_PASSWORD).await;
    assert_eq!(unlinked.error(), (401, "TOTP_REQUIRED"));
    for _ in 0..5 {
        let signed = wallet.signed_challenge(&house).await;
        assert_eq!(verify_with(signed, "000000".to_owned()).await.status, 401);
    }
    assert_eq!(verify(&house, &wallet).await.error(), (429, "SIGN_IN_LOCKED"));
}

#[tokio::test]
async fn what_is_no_wallet_is_refused_by_name() {
    let house = House::start().await;
    for (address, kind, param) in [
        ("0x12", "ethereum", "walletAddress"),
        ("0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F", "bitcoin", "walletType"),
    ] {
        let body = json!({ "walletAddress": address, "walletType": kind });
        let refused = knock(&house, "/api/auth/wallet/challenge", body).await;
        assert_eq!((refused.status, refused.param()), (400, param));
    }
    let body = json!({ "walletAddress": "x" });
    let refused = knock(&house, "/api/auth/wallet/challenge", body).await;
    assert_eq!((refused.status, refused.param()), (400, "walletType"));
}
