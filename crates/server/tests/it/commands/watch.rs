//! `pepay watch` as an operator types it: one thing at a time, and told what it means.

use super::{pepay, run, said, text, used_directory};

#[tokio::test]
async fn a_watcher_is_restarted_without_a_server_and_says_what_that_means() {
    let (_home, data_dir, _) = used_directory().await;
    let directory = text(&data_dir);
    let arguments = ["watch", "--data-dir", &directory, "--network", "base"];
    for (from, meant) in [("head", "between block"), ("1000000", "below block 1000000")] {
        let told = said(&[&arguments[..], &["--restart-from", from]].concat());
        assert!(told.contains(&format!("base (devnet) is watched anew from {from}")), "{told}");
        assert!(told.contains(meant) && told.contains("is not looked at"), "{told}");
        assert!(told.contains("One that vanished is taken back"), "{told}");
    }
    let above = run(&[&arguments[..], &["--restart-from", "9000000000"]].concat());
    let complaint = String::from_utf8_lossy(&above.stderr).into_owned();
    assert!(complaint.contains("from is above the newest block"), "{complaint}");
}

#[test]
fn watch_does_one_thing_at_a_time() {
    for (more, told) in [
        (&[][..], "--tx"),
        (&["--tx", "0x1", "--restart-from", "head"][..], "cannot be used with"),
        (&["--restart-from", "tail"][..], "head or the number of a block"),
    ] {
        let mut command = pepay(&["watch", "--network", "base"]);
        let output = command.args(more).output().expect("runs");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(told), "{complaint}");
    }
}
