//! Signing in and what proves a member: passwords, one-time codes, wallets, mailed tokens.

mod wallets;

use std::path::PathBuf;

use domain::totp;
use serde_json::{Value, json};

use crate::house::{House, OWNER_EMAIL, OWNER_PASSWORD, Reply};

const NEW_PASSWORD: &str = "a new horse, a new battery";

/// Sends as a member; `Value::Null` is no body.
pub async fn act(house: &House, token: &str, method: &str, path: &str, body: Value) -> Reply {
    let request = house.request(method, path).bearer_auth(token);
    house.send(if body.is_null() { request } else { request.json(&body) }).await
}

/// Sends without any credential.
async fn knock(house: &House, path: &str, body: Value) -> Reply {
    house.send(house.request("POST", path).json(&body)).await
}

pub async fn try_sign_in(house: &House, email: &str, password: &str) -> Reply {
    knock(house, "/api/auth/sign-in", json!({ "email": email, "password": password })).await
}

/// The bearer token of somebody who signs in.
pub async fn sign_in(house: &House, email: &str, password: &str) -> String {
    let tokens = try_sign_in(house, email, password).await.ok();
    tokens["access_token"].as_str().expect("a token").to_owned()
}

pub async fn owner(house: &House) -> String {
    sign_in(house, OWNER_EMAIL, OWNER_PASSWORD).await
}

async fn is_let_in(house: &House, token: &str) -> bool {
    act(house, token, "GET", "/api/v1/merchant/members", Value::Null).await.status == 200
}

#[tokio::test]
async fn a_password_opens_the_account_for_an_hour() {
    let house = House::start().await;
    let tokens = try_sign_in(&house, "OWNER@example.com ", OWNER_PASSWORD).await.ok();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3_600_000);
    assert_eq!(tokens["member"]["role"], "owner");
    assert_eq!(tokens["member"]["merchant_id"], house.merchant_id.0);
    let token = tokens["access_token"].as_str().expect("a token");
    assert!(is_let_in(&house, token).await);
    house.advance(3_600_000);
    assert!(!is_let_in(&house, token).await);
}

#[tokio::test]
async fn five_failures_lock_and_each_further_one_for_longer() {
    let house = House::start().await;
    for _ in 0..5 {
        let refused = try_sign_in(&house, OWNER_EMAIL, "wrong").await;
        assert_eq!(refused.error(), (401, "SIGN_IN_FAILED"));
    }
    let locked = try_sign_in(&house, OWNER_EMAIL, OWNER_PASSWORD).await;
    assert_eq!(locked.error(), (429, "SIGN_IN_LOCKED"));
    assert_eq!((&locked.body["retry_after"], locked.header("retry-after")), (&json!(30), "30"));
    house.advance(30_000);
    assert_eq!(try_sign_in(&house, OWNER_EMAIL, "wrong").await.status, 401);
    let locked = try_sign_in(&house, OWNER_EMAIL, OWNER_PASSWORD).await;
    assert_eq!(locked.body["retry_after"], 60);
    house.advance(60_000);
    try_sign_in(&house, OWNER_EMAIL, OWNER_PASSWORD).await.ok();
    assert_eq!(try_sign_in(&house, OWNER_EMAIL, "wrong").await.status, 401, "counted anew");
}

#[tokio::test]
async fn no_answer_tells_which_e_mails_exist() {
    let house = House::start().await;
    for _ in 0..7 {
        let known = try_sign_in(&house, OWNER_EMAIL, "wrong").await;
        let unknown = try_sign_in(&house, "nobody@example.com", "wrong").await;
        assert_eq!(known.error(), unknown.error());
        assert_eq!(known.body["retry_after"], unknown.body["retry_after"]);
        assert_eq!(known.body["error"]["message"], unknown.body["error"]["message"]);
    }
    let reset = |email: &str| {
        let body = json!({ "email": email });
        async { knock(&house, "/api/auth/password/reset", body).await }
    };
    let (known, unknown) = (reset(OWNER_EMAIL).await, reset("nobody@example.com").await);
    assert_eq!(known.ok(), unknown.ok());
}

#[tokio::test]
async fn attempts_of_one_address_are_limited() {
    let house = House::with(|config| config.rate_limits.enabled = true).await;
    let refresh = || knock(&house, "/api/auth/refresh", json!({ "refresh_token": "x.y" }));
    for _ in 0..20 {
        assert_eq!(refresh().await.error(), (401, "INVALID_TOKEN"));
    }
    assert_eq!(refresh().await.error(), (429, "RATE_LIMIT_EXCEEDED"));
    house.advance(1_000);
    assert_eq!(refresh().await.status, 401);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_sign_in() {
    let house = House::start().await;
    let refresh = |token: &Value| {
        let body = json!({ "refresh_token": token });
        async { knock(&house, "/api/auth/refresh", body).await }
    };
    let first = try_sign_in(&house, OWNER_EMAIL, OWNER_PASSWORD).await.ok();
    house.advance(3_600_000);
    let second = refresh(&first["refresh_token"]).await.ok();
    let token = second["access_token"].as_str().expect("a token");
    assert!(is_let_in(&house, token).await);
    assert_eq!(refresh(&first["refresh_token"]).await.error(), (401, "INVALID_TOKEN"));
    assert!(!is_let_in(&house, token).await, "two hands held it, so neither keeps it");
    assert_eq!(refresh(&second["refresh_token"]).await.status, 401);
    let third = try_sign_in(&house, OWNER_EMAIL, OWNER_PASSWORD).await.ok();
    let token = third["refresh_token"].as_str().expect("a token");
    let id = token.split('.').next().expect("an id");
    for made_up in ["x", "x.y", "", ".."] {
        let refused = refresh(&json!(format!("{id}.{made_up}"))).await;
        assert_eq!(refused.error(), (401, "INVALID_TOKEN"));
    }
    refresh(&third["refresh_token"]).await.ok();
    for forged in ["", "x", "01a1fc39-a569-7ccc-afae-7a20b4b0b6a6.x", "x.x"] {
        assert_eq!(refresh(&json!(forged)).await.status, 401, "{forged}");
    }
}

#[tokio::test]
async fn signing_out_ends_this_sign_in_and_no_other() {
    let house = House::start().await;
    let (one, other) = (owner(&house).await, owner(&house).await);
    act(&house, &one, "POST", "/api/auth/sign-out", Value::Null).await.ok();
    assert!(!is_let_in(&house, &one).await);
    assert!(is_let_in(&house, &other).await);
}

#[tokio::test]
async fn changing_the_password_takes_the_old_one_and_ends_other_sign_ins() {
    let house = House::start().await;
    let (mine, other) = (owner(&house).await, owner(&house).await);
    let change = |current: &str, new: &str| {
        let body = json!({ "current_password": current, "password": new });
        let mine = mine.clone();
        let house = &house;
        async move { act(house, &mine, "POST", "/api/auth/password/change", body).await }
    };
    assert_eq!(change("wrong", NEW_PASSWORD).await.error(), (401, "SIGN_IN_FAILED"));
    let short = change(OWNER_PASSWORD, "short").await;
    assert_eq!((short.error(), short.param()), ((400, "VALIDATION_ERROR"), "password"));
    change(OWNER_PASSWORD, NEW_PASSWORD).await.ok();
    assert!(is_let_in(&house, &mine).await);
    assert!(!is_let_in(&house, &other).await);
    assert_eq!(try_sign_in(&house, OWNER_EMAIL, OWNER_PASSWORD).await.status, 401);
    try_sign_in(&house, OWNER_EMAIL, NEW_PASSWORD).await.ok();
}

/// What was mailed so far, oldest first; waits for mail that is on its way.
pub async fn mailbox(house: &House, at_least: usize) -> Vec<String> {
    house.app.tasks.close();
    house.app.tasks.wait().await;
    house.app.tasks.reopen();
    let directory = house.data_dir.path().join("mail");
    let files = std::fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("reads").path()).collect();
    paths.sort();
    let mails: Vec<String> =
        paths.iter().map(|path| std::fs::read_to_string(path).expect("reads")).collect();
    assert!(mails.len() >= at_least, "{} mails", mails.len());
    mails
}

/// The token of a mail.
pub fn token_in(mail: &str) -> String {
    let line = mail.lines().find_map(|line| line.strip_prefix("Token: "));
    line.expect("a token").trim().to_owned()
}

#[tokio::test]
async fn a_mailed_token_sets_a_new_password_once() {
    let house = House::start().await;
    let signed_in = owner(&house).await;
    for _ in 0..5 {
        try_sign_in(&house, OWNER_EMAIL, "wrong").await;
    }
    for email in [OWNER_EMAIL, "nobody@example.com", OWNER_EMAIL] {
        knock(&house, "/api/auth/password/reset", json!({ "email": email })).await.ok();
    }
    let mails = mailbox(&house, 1).await;
    assert_eq!(mails.len(), 1, "one a minute, and none to nobody");
    assert!(mails[0].contains(&format!("To: {OWNER_EMAIL}")));
    let token = token_in(&mails[0]);
    let confirm = |token: &str, password: &str| {
        let body = json!({ "token": token, "password": password });
        async { knock(&house, "/api/auth/password/confirm", body).await }
    };
    assert_eq!(confirm("guess", NEW_PASSWORD).await.param(), "token");
    assert_eq!(confirm(&token, "short").await.param(), "password");
    confirm(&token, NEW_PASSWORD).await.ok();
    assert_eq!(confirm(&token, NEW_PASSWORD).await.param(), "token", "used up");
    assert!(!is_let_in(&house, &signed_in).await, "every sign-in ended");
    try_sign_in(&house, OWNER_EMAIL, NEW_PASSWORD).await.ok();

    house.advance(60_000);
    knock(&house, "/api/auth/password/reset", json!({ "email": OWNER_EMAIL })).await.ok();
    let late = token_in(&mailbox(&house, 2).await[1]);
    house.advance(3_600_000);
    assert_eq!(confirm(&late, NEW_PASSWORD).await.error(), (400, "VALIDATION_ERROR"));
}

#[tokio::test]
async fn a_mailed_token_ends_with_the_password_it_was_to_replace() {
    let house = House::start().await;
    let request = || knock(&house, "/api/auth/password/reset", json!({ "email": OWNER_EMAIL }));
    let confirm = |token: String, password: &str| {
        let body = json!({ "token": token, "password": password });
        knock(&house, "/api/auth/password/confirm", body)
    };
    request().await.ok();
    let first = token_in(&mailbox(&house, 1).await[0]);
    house.advance(60_000);
    request().await.ok();
    let second = token_in(&mailbox(&house, 2).await[1]);
    confirm(second, NEW_PASSWORD).await.ok();
    assert_eq!(confirm(first, "an intruder's").await.param(), "token", "one reset ends all");

    house.advance(60_000);
    request().await.ok();
    let third = token_in(&mailbox(&house, 3).await[2]);
    let token = sign_in(&house, OWNER_EMAIL, NEW_PASSWORD).await;
    let body = json!({ "current_password": NEW_PASSWORD, "password": OWNER_PASSWORD });
    act(&house, &token, "POST", "/api/auth/password/change", body).await.ok();
    assert_eq!(confirm(third, "an intruder's").await.param(), "token");
    owner(&house).await;
}

#[tokio::test]
async fn a_flood_of_resets_is_answered_alike_and_dropped() {
    let house = House::start().await;
    let request = || knock(&house, "/api/auth/password/reset", json!({ "email": OWNER_EMAIL }));
    let taken: Vec<_> = std::iter::from_fn(|| house.app.desk.reset_permit()).collect();
    let dropped = request().await.ok();
    assert_eq!(mailbox(&house, 0).await.len(), 0);
    assert!(house.app.metrics.render().contains("pepay_password_resets_dropped_total 1"));
    drop(taken);
    assert_eq!(request().await.ok(), dropped);
    assert_eq!(mailbox(&house, 1).await.len(), 1);
}

/// The code an authenticator app shows now.
pub fn code_of(house: &House, seed: &[u8]) -> String {
    format!("{:06}", totp::code_at(seed, totp::step_of(house.app.now())))
}

pub fn base32_decoded(text: &str) -> Vec<u8> {
    let digit = |letter: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).expect("base32");
    let bits = text.chars().flat_map(|letter| {
        let digit = digit(letter);
        (0..5).rev().map(move |bit| (digit >> bit) as u8 & 1)
    });
    let bits: Vec<u8> = bits.collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit)).collect()
}

#[tokio::test]
async fn codes_are_asked_for_once_one_was_confirmed() {
    let house = House::start().await;
    let token = owner(&house).await;
    let post = |path: &'static str, body: Value| {
        let (house, token) = (&house, token.clone());
        async move { act(house, &token, "POST", path, body).await }
    };
    let password = json!({ "password": OWNER_PASSWORD });
    let wrong = post("/api/auth/totp/enroll", json!({ "password": "wrong" })).await;
    assert_eq!(wrong.error(), (401, "SIGN_IN_FAILED"), "a stolen token enrolls nothing");
    assert_eq!(post("/api/auth/totp/enroll", json!({})).await.param(), "password");
    let enrolled = post("/api/auth/totp/enroll", password.clone()).await.ok();
    assert!(enrolled["otpauth_uri"].as_str().expect("a link").starts_with("otpauth://totp/"));
    let seed = base32_decoded(enrolled["secret"].as_str().expect("a seed"));
    owner(&house).await;

    let wrong = post("/api/auth/totp/confirm", json!({ "code": "000000" })).await;
    assert_eq!((wrong.status, wrong.param()), (400, "code"));
    post("/api/auth/totp/confirm", json!({ "code": code_of(&house, &seed) })).await.ok();
    assert_eq!(post("/api/auth/totp/enroll", password).await.status, 409);

    let asked = try_sign_in(&house, OWNER_EMAIL, OWNER_PASSWORD).await;
    assert_eq!(asked.error(), (401, "TOTP_REQUIRED"));
    let wrong = try_sign_in(&house, OWNER_EMAIL, "wrong").await;
    assert_eq!(wrong.error(), (401, "SIGN_IN_FAILED"), "only the right password learns of it");
    let with_code = |code: String| {
        let body = json!({ "email": OWNER_EMAIL, "password": OWNER_PASSWORD, "totp": code });
        async { knock(&house, "/api/auth/sign-in", body).await }
    };
    let used = with_code(code_of(&house, &seed)).await;
    assert_eq!(used.error(), (401, "SIGN_IN_FAILED"), "that code was used to confirm");
    house.advance(30_000);
    let code = code_of(&house, &seed);
    with_code(code.clone()).await.ok();
    assert_eq!(with_code(code).await.status, 401, "a code works once");

    house.advance(30_000);
    let disable = |password: &str| {
        let body = json!({ "password": password, "code": code_of(&house, &seed) });
        post("/api/auth/totp/disable", body)
    };
    assert_eq!(disable("wrong").await.error(), (401, "SIGN_IN_FAILED"));
    disable(OWNER_PASSWORD).await.ok();
    owner(&house).await;
}

#[tokio::test]
async fn the_environment_is_chosen_by_members_with_access_only() {
    let house = House::start().await;
    let token = owner(&house).await;
    let choose = |environment: &str| {
        let body = json!({ "environment": environment });
        let (house, token) = (&house, token.clone());
        async move { act(house, &token, "PUT", "/api/v1/user/environment", body).await }
    };
    let path = "/api/v1/user/environment";
    let request = house.request("PUT", path).header("x-api-key", &house.key);
    let by_key = house.send(request.json(&json!({ "environment": "devnet" }))).await;
    assert_eq!(by_key.error(), (403, "INSUFFICIENT_SCOPE"));
    assert_eq!(choose("mainnet").await.error(), (403, "MAINNET_NOT_ENABLED"));
    let wrong = choose("moon").await;
    assert_eq!((wrong.error(), wrong.param()), ((400, "VALIDATION_ERROR"), "environment"));

    let activate = |key: &str| {
        let body = json!({ "access_key": key });
        let (house, token) = (&house, token.clone());
        let path = "/api/v1/user/mainnet-access/activate";
        async move { act(house, &token, "POST", path, body).await }
    };
    assert_eq!(activate("open-barley").await.error(), (403, "ACCESS_KEY_INVALID"));
    assert_eq!(activate("open-sesame").await.ok()["success"], true);
    assert_eq!(choose("mainnet").await.ok()["current_environment"], "mainnet");
    let path = "/api/v1/user/mainnet-access/status";
    let status = act(&house, &token, "GET", path, Value::Null).await.ok();
    let expected = json!({ "has_mainnet_access": true, "current_environment": "mainnet" });
    assert_eq!(status, expected);
    let of_key = house.get(path).await.ok();
    assert_eq!(of_key["current_environment"], "devnet", "a key keeps its own");
}

#[tokio::test]
async fn asking_for_mainnet_waits_for_the_operator() {
    let house = House::start().await;
    let path = "/api/v1/user/mainnet-access/request";
    let ask = json!({ "website": "https://shop.example", "use_case": "selling tea" });
    assert_eq!(house.post(path, ask).await.ok()["success"], true);
    let asking = house.app.store.merchants_requesting_mainnet().await.expect("reads");
    assert_eq!(asking.len(), 1);
    for (body, param) in [
        (json!({ "website": "shop", "use_case": "tea" }), "website"),
        (json!({ "website": "https://shop.example", "use_case": "" }), "use_case"),
        (json!({ "website": "https://shop.example" }), "use_case"),
    ] {
        let refused = house.post(path, body).await;
        assert_eq!((refused.status, refused.param()), (400, param));
    }
}

#[tokio::test]
async fn without_an_access_key_nobody_activates_mainnet() {
    let house = House::with(|config| config.mainnet_access_key = None).await;
    let path = "/api/v1/user/mainnet-access/activate";
    for guess in ["", "open-sesame"] {
        let refused = house.post(path, json!({ "access_key": guess })).await;
        assert_eq!(refused.error(), (403, "ACCESS_KEY_INVALID"));
    }
}
