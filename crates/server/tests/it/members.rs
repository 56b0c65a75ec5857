//! Members: invited, moved between roles, removed; and the log of what was done.

use serde_json::{Value, json};

use crate::account::{act, mailbox, owner, sign_in, token_in, try_sign_in};
use crate::api_keys::member;
use crate::house::{House, OWNER_EMAIL, OWNER_PASSWORD, Reply};

const MEMBERS: &str = "/api/v1/merchant/members";

async fn invite(house: &House, token: &str, body: Value) -> Reply {
    act(house, token, "POST", MEMBERS, body).await
}

async fn id_of(house: &House, token: &str, email: &str) -> String {
    let listed = act(house, token, "GET", MEMBERS, Value::Null).await.ok();
    let members = listed["data"].as_array().expect("a list");
    let found = members.iter().find(|member| member["email"] == email).expect("a member");
    found["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn an_invited_member_sets_a_password_by_mail() {
    let house = House::start().await;
    let token = owner(&house).await;
    let body = json!({ "email": "Dev@Example.com", "role": "developer" });
    let invited = invite(&house, &token, body).await.ok();
    assert_eq!(
        (&invited["object"], &invited["email"], &invited["has_password"]),
        (&json!("member"), &json!("dev@example.com"), &json!(false))
    );
    let refused = try_sign_in(&house, "dev@example.com", "a long password").await;
    assert_eq!(refused.error(), (401, "SIGN_IN_FAILED"));
    let mail = mailbox(&house, 1).await.remove(0);
    assert!(mail.contains("To: dev@example.com") && mail.contains("Coffee & Co"));
    house.advance(6 * 86_400_000);
    let body = json!({ "token": token_in(&mail), "password": "a long password" });
    house.send(house.request("POST", "/api/auth/password/confirm").json(&body)).await.ok();
    sign_in(&house, "dev@example.com", "a long password").await;
}

#[tokio::test]
async fn an_e_mail_belongs_to_one_member() {
    let house = House::start().await;
    let token = owner(&house).await;
    let taken = invite(&house, &token, json!({ "email": OWNER_EMAIL, "role": "support" })).await;
    assert_eq!(taken.error(), (409, "ALREADY_EXISTS"));
    for (body, param) in [
        (json!({ "email": "nobody", "role": "support" }), "email"),
        (json!({ "email": "a@b.example", "role": "king" }), "role"),
        (json!({ "email": "a@b.example" }), "role"),
        (json!({ "email": "a@b.example", "role": "owner", "password": "short" }), "password"),
    ] {
        let refused = invite(&house, &token, body).await;
        assert_eq!((refused.status, refused.param()), (400, param));
    }
}

#[tokio::test]
async fn only_owners_change_members() {
    let house = House::start().await;
    let token = owner(&house).await;
    for role in ["developer", "support"] {
        let other = member(&house, role).await;
        assert_eq!(act(&house, &other, "GET", MEMBERS, Value::Null).await.status, 200);
        let id = id_of(&house, &token, OWNER_EMAIL).await;
        let path = format!("{MEMBERS}/{id}");
        for refused in [
            invite(&house, &other, json!({ "email": "a@b.example", "role": "owner" })).await,
            act(&house, &other, "PATCH", &path, json!({ "role": "support" })).await,
            act(&house, &other, "DELETE", &path, Value::Null).await,
        ] {
            assert_eq!(refused.error(), (403, "INSUFFICIENT_SCOPE"), "{role}");
        }
    }
    assert_eq!(house.get(MEMBERS).await.error(), (403, "INSUFFICIENT_SCOPE"));
}

#[tokio::test]
async fn support_reads_but_still_owns_its_credentials() {
    let house = House::start().await;
    let token = member(&house, "support").await;
    assert_eq!(act(&house, &token, "GET", "/api/v1/invoices", Value::Null).await.status, 200);
    let write = act(&house, &token, "POST", "/api/v1/invoices", json!({ "amount_usd": 1 })).await;
    assert_eq!(write.error(), (403, "INSUFFICIENT_SCOPE"));
    let body = json!({ "current_password": "a long password", "password": "another password" });
    act(&house, &token, "POST", "/api/auth/password/change", body).await.ok();
    act(&house, &token, "POST", "/api/auth/sign-out", Value::Null).await.ok();
}

#[tokio::test]
async fn the_last_owner_stays() {
    let house = House::start().await;
    let token = owner(&house).await;
    let id = id_of(&house, &token, OWNER_EMAIL).await;
    let path = format!("{MEMBERS}/{id}");
    let demote = json!({ "role": "support" });
    let refused = act(&house, &token, "PATCH", &path, demote.clone()).await;
    assert_eq!(refused.error(), (409, "LAST_OWNER"));
    let refused = act(&house, &token, "DELETE", &path, Value::Null).await;
    assert_eq!(refused.error(), (409, "LAST_OWNER"));
    act(&house, &token, "PATCH", &path, json!({ "role": "owner" })).await.ok();

    member(&house, "owner").await;
    assert_eq!(act(&house, &token, "PATCH", &path, demote).await.ok()["role"], "support");
}

#[tokio::test]
async fn of_two_owners_who_leave_at_once_one_stays() {
    let house = House::start().await;
    let one = owner(&house).await;
    let other = member(&house, "owner").await;
    let path = |id: String| format!("{MEMBERS}/{id}");
    let ids = (
        path(id_of(&house, &one, OWNER_EMAIL).await),
        path(id_of(&house, &one, "owner@team.example").await),
    );
    let demote = || json!({ "role": "developer" });
    let (first, second) = tokio::join!(
        act(&house, &one, "PATCH", &ids.0, demote()),
        act(&house, &other, "PATCH", &ids.1, demote()),
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn a_removed_member_is_out_at_once_and_may_come_back() {
    let house = House::start().await;
    let token = owner(&house).await;
    let gone = member(&house, "developer").await;
    let id = id_of(&house, &token, "developer@team.example").await;
    let path = format!("{MEMBERS}/{id}");
    let removed = act(&house, &token, "DELETE", &path, Value::Null).await.ok();
    assert_eq!((&removed["id"], &removed["deleted"]), (&json!(id), &json!(true)));
    assert_eq!(
        act(&house, &gone, "GET", MEMBERS, Value::Null).await.error(),
        (401, "INVALID_TOKEN")
    );
    let refused = try_sign_in(&house, "developer@team.example", "a long password").await;
    assert_eq!(refused.error(), (401, "SIGN_IN_FAILED"));
    let again = act(&house, &token, "DELETE", &path, Value::Null).await;
    assert_eq!(again.error(), (404, "NOT_FOUND"));

    let body = json!({ "email": "developer@team.example", "role": "support" });
    assert_eq!(invite(&house, &token, body).await.ok()["id"], id);
    let refused = try_sign_in(&house, "developer@team.example", "a long password").await;
    assert_eq!(refused.status, 401, "the old password does not come back");
}

#[tokio::test]
async fn an_invitation_ends_when_the_member_is_removed_or_invited_anew() {
    let house = House::start().await;
    let token = owner(&house).await;
    let ask = || invite(&house, &token, json!({ "email": "a@b.example", "role": "support" }));
    let path = format!("{MEMBERS}/{}", ask().await.ok()["id"].as_str().expect("an id"));
    let confirm = |mail: &str| {
        let body = json!({ "token": token_in(mail), "password": "a long password" });
        house.send(house.request("POST", "/api/auth/password/confirm").json(&body))
    };
    act(&house, &token, "DELETE", &path, Value::Null).await.ok();
    let mails = mailbox(&house, 1).await;
    assert_eq!(confirm(&mails[0]).await.param(), "token", "of one who is gone");
    house.advance(1_000);
    ask().await.ok();
    let mails = mailbox(&house, 2).await;
    assert_eq!(confirm(&mails[0]).await.param(), "token", "the older of two");
    confirm(&mails[1]).await.ok();
    sign_in(&house, "a@b.example", "a long password").await;
}

#[tokio::test]
async fn a_foreign_member_does_not_exist() {
    let house = House::start().await;
    let token = owner(&house).await;
    let (stranger, _) = house.stranger().await;
    let foreign = house.app.store.members_of_merchant(stranger).await.expect("reads");
    for id in [foreign[0].id.to_string(), "01a1fc39-a569-7ccc-afae-7a20b4b0b6a6".into(), "x".into()]
    {
        let path = format!("{MEMBERS}/{id}");
        let change = act(&house, &token, "PATCH", &path, json!({ "role": "support" })).await;
        assert_eq!(change.error(), (404, "NOT_FOUND"));
        let remove = act(&house, &token, "DELETE", &path, Value::Null).await;
        assert_eq!(remove.error(), (404, "NOT_FOUND"));
    }
}

#[tokio::test]
async fn every_privileged_act_is_in_the_audit_log() {
    let house = House::start().await;
    let token = owner(&house).await;
    let member_id = id_of(&house, &token, OWNER_EMAIL).await;
    member(&house, "support").await;
    let made = act(&house, &token, "POST", "/api/merchant-api-keys", json!({ "name": "x" }));
    let key_id = made.await.ok()["id"].as_str().expect("an id").to_owned();
    house.advance(1);
    let path = format!("/api/merchant-api-keys/{key_id}/revoke");
    let request = house.request("POST", &path).bearer_auth(&token);
    house.send(request.header("x-request-id", "req-42")).await.ok();
    let log = |query: &'static str| {
        let path = format!("/api/v1/merchant/audit-log{query}");
        let (house, token) = (&house, token.clone());
        async move { act(house, &token, "GET", &path, Value::Null).await }
    };
    let all = log("?limit=100").await.ok();
    let entries = all["data"].as_array().expect("a list");
    let actions: Vec<&str> =
        entries.iter().map(|entry| entry["action"].as_str().expect("text")).collect();
    for action in [
        "merchant.created",
        "member.signed_in",
        "member.invited",
        "api_key.created",
        "api_key.revoked",
    ] {
        assert!(actions.contains(&action), "{action} in {actions:?}");
    }
    let newest = &entries[0];
    assert_eq!(
        (&newest["action"], &newest["target"], &newest["actor_kind"], &newest["actor_id"]),
        (&json!("api_key.revoked"), &json!(key_id), &json!("member"), &json!(member_id))
    );
    assert_eq!((&newest["request_id"], &newest["ip"]), (&json!("req-42"), &json!("127.0.0.1")));
    assert_eq!(log("?limit=2").await.ok()["has_more"], true);
    assert_eq!(log("?limit=0").await.param(), "limit");
    let secret = all.to_string();
    assert!(!secret.contains(OWNER_PASSWORD) && !secret.contains("sk_test_"));

    let support = sign_in(&house, "support@team.example", "a long password").await;
    let refused = act(&house, &support, "GET", "/api/v1/merchant/audit-log", Value::Null).await;
    assert_eq!(refused.error(), (403, "INSUFFICIENT_SCOPE"));
}
