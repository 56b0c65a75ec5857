//! `pepay ramps`: hits of screening lists decided beside a server and without one. Giving up a
//! payout is tested where a provider can lose one.

use std::path::Path;

use serde_json::{Value, json};

use super::{Dev, complaint_of, directory, pepay, said, said_by, text};

const NOBODY: &str = "0198f0c2-7c1e-7abc-8def-0123456789ab";

/// A user whose name is on the list; he waits for a human.
async fn held(dev: &Dev) -> String {
    let body = json!({ "type": "individual", "name": "Doe John", "country": "DE" });
    let (status, user) = dev.send("POST", "/api/v1/ramps/users", Some(body)).await;
    assert_eq!((status, &user["status"]), (200, &json!("in_review")), "{user}");
    user["id"].as_str().expect("an id").to_owned()
}

async fn status(dev: &Dev, user: &str) -> Value {
    let (_, user) = dev.send("GET", &format!("/api/v1/ramps/users/{user}"), None).await;
    user["status"].clone()
}

/// The review's id, out of a line that names the user.
#[track_caller]
fn review_of(listed: &str, user: &str) -> String {
    let line = listed.lines().find(|line| line.contains(user)).expect("is listed");
    let parts: Vec<&str> = line.split('\t').collect();
    assert_eq!((parts[2], parts[3], parts[4]), ("devnet", "ramp_user", user), "{line}");
    assert!(parts[1].starts_with("merchant ") && parts[5].contains("list.txt:1"), "{line}");
    parts[0].to_owned()
}

fn screened(data_dir: &Path, home: &Path) -> Dev {
    let list = home.join("list.txt");
    std::fs::write(&list, "John Doe\n").expect("writes");
    Dev::start_with(data_dir, &[("PEPAY_RAMPS__SCREENING_LISTS", &text(&list))])
}

#[tokio::test]
async fn reviews_are_decided_beside_a_server_and_without_one() {
    let home = directory();
    let data_dir = home.path().join("data");
    let dev = screened(&data_dir, home.path());
    let directory = text(&data_dir);
    let act = |arguments: &[&str]| -> Vec<String> {
        let words = [&["ramps", "review"][..], arguments, &["--data-dir", &directory]].concat();
        words.into_iter().map(str::to_owned).collect()
    };
    let beside = |arguments: &[&str]| {
        let arguments = act(arguments);
        dev.operator(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(said_by(&mut beside(&["list"])), "nothing waits\n");
    let (approved, rejected) = (held(&dev).await, held(&dev).await);
    let unasked = act(&["list"]);
    let unasked: Vec<&str> = unasked.iter().map(String::as_str).collect();
    let unasked = complaint_of(&mut pepay(&unasked));
    assert!(unasked.contains("set operator_token"), "{unasked}");
    let listed = said_by(&mut beside(&["list"]));
    assert_eq!(listed.lines().count(), 2, "{listed}");
    let (first, second) = (review_of(&listed, &approved), review_of(&listed, &rejected));
    assert_eq!(said_by(&mut beside(&["approve", &first])), format!("{first} is approved\n"));
    assert_eq!(status(&dev, &approved).await, "active");
    let again = complaint_of(&mut beside(&["reject", &first]));
    assert!(again.contains("REVIEW_DECIDED"), "{again}");
    let unknown = complaint_of(&mut beside(&["approve", NOBODY]));
    assert!(unknown.contains("NOT_FOUND"), "{unknown}");
    assert_eq!(dev.stop(), Some(0));

    let alone = |arguments: &[&str]| {
        let arguments = act(arguments);
        said(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let refused = |arguments: &[&str]| {
        let arguments = act(arguments);
        complaint_of(&mut pepay(&arguments.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    assert_eq!(review_of(&alone(&["list"]), &rejected), second);
    assert_eq!(alone(&["reject", &second]), format!("{second} is rejected\n"));
    assert_eq!(alone(&["list"]), "nothing waits\n");
    let again = refused(&["approve", &second]);
    assert!(again.contains("decided"), "{again}");
    assert!(refused(&["approve", "7"]).contains("not the id of a review"));
    let unknown = refused(&["approve", NOBODY]);
    assert!(unknown.contains("no such review"), "{unknown}");

    let dev = screened(&data_dir, home.path());
    assert_eq!(status(&dev, &rejected).await, "blocked");
    assert_eq!(status(&dev, &approved).await, "active");
}

#[tokio::test]
async fn a_payout_that_is_not_there_is_not_given_up() {
    let home = directory();
    let data_dir = home.path().join("data");
    let dev = Dev::start_with(&data_dir, &[]);
    let directory = text(&data_dir);
    let give_up = ["ramps", "payouts", "give-up", "--data-dir", &directory, "--id", NOBODY];
    let unknown = complaint_of(&mut dev.operator(&give_up));
    assert!(unknown.contains("NOT_FOUND"), "{unknown}");
    assert_eq!(dev.stop(), Some(0));
    let unknown = complaint_of(&mut pepay(&give_up));
    assert!(unknown.contains("there is no such payout"), "{unknown}");
    let nonsense = [&give_up[..6], &["7"]].concat();
    assert!(complaint_of(&mut pepay(&nonsense)).contains("not the id of a payout"));
}
