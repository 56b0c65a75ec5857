//! Step 3 judged by other people's code: the package `openapi-core` reads the public reference's
//! own description of it, and judges the running server by that.
//!
//! Our own tests could share a mistake with what they test. The program is in `tests/foreign`.

use std::process::{Command, Stdio};

use super::shop::{CUSTOMER, ready, stock};
use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn step_three_is_what_the_reference_describes() {
    let python = std::env::var("PEPAY_TEST_PYTHON");
    let python = python.expect("PEPAY_TEST_PYTHON is set by `cargo xtask test`");
    let house = House::start().await;
    let ready = ready(&house, CUSTOMER, &stock(&house, 1).await, 1).await;
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign/checkout.py");
    let mut command = Command::new(python);
    command
        .env("PEPAY_API_URL", &house.url)
        .env("PEPAY_API_KEY", &house.commerce_key)
        .env("PEPAY_ESTIMATE", ready.estimate_id.to_string())
        .env("PEPAY_ADDRESS", ready.address_id.to_string())
        .env("PEPAY_CUSTOMER", CUSTOMER)
        .arg(program)
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("does not panic").expect("Python runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "as described");
}
