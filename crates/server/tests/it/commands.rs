//! The real binary from the outside: what an operator types, and what comes of it.

mod events;
mod keystore;
mod listen;
mod ramps;
mod settlement;
mod trigger;
mod watch;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The binary, with none of our variables in its environment.
pub fn pepay(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pepay"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PEPAY_")) {
        command.env_remove(name);
    }
    command.args(arguments).env("RUST_LOG", "warn").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    pepay(arguments).output().expect("runs")
}

const OPERATOR_TOKEN: &str = "the-operators-token-of-these-tests";

/// What a command that succeeds says.
#[track_caller]
fn said(arguments: &[&str]) -> String {
    said_by(&mut pepay(arguments))
}

#[track_caller]
pub fn said_by(command: &mut Command) -> String {
    let output = command.output().expect("runs");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {complaint}");
    String::from_utf8(output.stdout).expect("text")
}

#[track_caller]
fn complaint_of(command: &mut Command) -> String {
    complaint(command.output().expect("runs"))
}

/// What a command that fails complains of.
#[track_caller]
pub fn complaint(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).expect("text")
}

/// A running `pepay dev`; it ends with the value.
pub struct Dev {
    child: Child,
    env: Vec<(String, String)>,
    welcome: String,
    _stdout: BufReader<ChildStdout>,
}

impl Dev {
    pub fn start(data_dir: &Path, more: &[&str]) -> Dev {
        Dev::start_on("0", data_dir, more)
    }

    fn start_on(port: &str, data_dir: &Path, more: &[&str]) -> Dev {
        let directory = text(data_dir);
        let mut command = pepay(&["dev", "--port", port, "--data-dir", &directory]);
        command.args(more);
        Dev::run(command, data_dir)
    }

    /// With an operator's token, and what else is told by variables.
    fn start_with(data_dir: &Path, variables: &[(&str, &str)]) -> Dev {
        let mut command = pepay(&["dev", "--port", "0", "--data-dir", &text(data_dir)]);
        command.env("PEPAY_OPERATOR_TOKEN", OPERATOR_TOKEN).envs(variables.iter().copied());
        Dev::run(command, data_dir)
    }

    /// A command as the operator types it beside this server.
    fn operator(&self, arguments: &[&str]) -> Command {
        let address = self.value("PEPAY_API_URL").strip_prefix("http://").expect("its scheme");
        let mut command = pepay(arguments);
        command.env("PEPAY_OPERATOR_TOKEN", OPERATOR_TOKEN).env("PEPAY_LISTEN", address);
        command
    }

    fn run(mut command: Command, data_dir: &Path) -> Dev {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut welcome = String::new();
        // The welcome ends with the request to paste; the port is open by then.
        while !welcome.contains("\"amount_usd\"") {
            assert_ne!(stdout.read_line(&mut welcome).expect("reads"), 0, "it ended: {welcome}");
        }
        let env = std::fs::read_to_string(data_dir.join("dev.env")).expect("reads");
        let line = |line: &str| {
            let (name, value) = line.split_once('=').expect("KEY=value");
            (name.to_owned(), value.to_owned())
        };
        let env = env.lines().map(line).collect();
        Dev { child, env, welcome, _stdout: stdout }
    }

    pub fn value(&self, name: &str) -> &str {
        let found = self.env.iter().find(|(key, _)| key == name);
        found.map_or_else(|| panic!("{name} is missing"), |(_, value)| value.as_str())
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.value("PEPAY_API_URL"));
        let client = reqwest::Client::new();
        let request = client.request(method.parse().expect("a method"), url);
        let request = request.header("x-api-key", self.value("PEPAY_API_KEY"));
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = request.send().await.expect("the server answers");
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    async fn invoice(&self) -> String {
        let body = json!({ "amount_usd": 13.99 });
        let (status, created) = self.send("POST", "/api/v1/invoices", Some(body)).await;
        assert_eq!(status, 200, "{created}");
        created["invoice_id"].as_str().expect("an id").to_owned()
    }

    async fn invoices(&self) -> Value {
        let (status, listed) = self.send("GET", "/api/v1/invoices?limit=100", None).await;
        assert_eq!(status, 200, "{listed}");
        listed["data"].clone()
    }

    /// Ends it as an operator would, and answers how it ended.
    fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &pid]).status().expect("runs");
        assert!(sent.success());
        self.child.wait().expect("ends").code()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

/// A data directory that a server has used, with one invoice.
async fn used_directory() -> (TempDir, PathBuf, Value) {
    let home = directory();
    let data_dir = home.path().join("data");
    let dev = Dev::start(&data_dir, &[]);
    dev.invoice().await;
    let invoices = dev.invoices().await;
    assert_eq!(dev.stop(), Some(0));
    (home, data_dir, invoices)
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).expect("exists").permissions().mode() & 0o777
}

#[tokio::test]
async fn dev_makes_all_it_needs_and_finds_it_again() {
    let home = directory();
    let data_dir = home.path().join("data");
    let first = Dev::start(&data_dir, &[]);
    assert_eq!((mode(&data_dir), mode(&data_dir.join("dev.env"))), (0o700, 0o600));
    assert_eq!(mode(&data_dir.join("master.key")), 0o600);
    assert!(first.value("PEPAY_COMMERCE_API_KEY").starts_with("ck_test_"));
    assert!(first.welcome.contains(first.value("PEPAY_API_KEY")));
    let invoice = first.invoice().await;
    let credentials = json!({
        "email": first.value("PEPAY_EMAIL"),
        "password": first.value("PEPAY_PASSWORD"),
    });
    let (status, tokens) = first.send("POST", "/api/auth/sign-in", Some(credentials)).await;
    assert_eq!((status, &tokens["member"]["role"]), (200, &json!("owner")));
    let metrics = reqwest::Client::new()
        .get(format!("{}/metrics", first.value("PEPAY_API_URL")))
        .bearer_auth(first.value("PEPAY_METRICS_TOKEN"));
    assert_eq!(metrics.send().await.expect("answers").status(), 200);
    let before = first.env.clone();
    assert_eq!(first.stop(), Some(0), "SIGTERM is a good end");

    let second = Dev::start(&data_dir, &[]);
    assert_ne!(second.value("PEPAY_API_URL"), before[0].1, "another free port");
    assert_eq!(second.env[1..], before[1..], "the same keys");
    let (status, read) = second.send("GET", &format!("/api/v1/invoices/{invoice}"), None).await;
    assert_eq!((status, &read["id"]), (200, &json!(invoice)));
}

#[tokio::test]
async fn dev_makes_new_keys_where_the_old_ones_are_lost_and_says_so() {
    let (_home, data_dir, invoices) = used_directory().await;
    std::fs::remove_file(data_dir.join("dev.env")).expect("removes");
    let dev = Dev::start(&data_dir, &[]);
    assert!(dev.welcome.contains("Made anew"), "{}", dev.welcome);
    assert_eq!(dev.invoices().await, invoices);
}

#[tokio::test]
async fn fresh_removes_our_files_and_nothing_else() {
    let (_home, data_dir, _) = used_directory().await;
    std::fs::write(data_dir.join("notes.txt"), "mine").expect("writes");
    let key = std::fs::read(data_dir.join("master.key")).expect("reads");
    let dev = Dev::start(&data_dir, &["--fresh"]);
    assert_eq!(dev.invoices().await, json!([]));
    assert_ne!(std::fs::read(data_dir.join("master.key")).expect("reads"), key);
    assert!(data_dir.join("notes.txt").exists());

    let directory = text(&data_dir);
    let second = ["dev", "--port", "0", "--fresh", "--data-dir", &directory];
    let complaint = complaint(run(&second));
    assert!(complaint.contains("stop it first"), "{complaint}");
    assert_eq!(dev.invoices().await, json!([]), "the running one is unharmed");
}

#[tokio::test]
async fn a_taken_port_is_told_before_anything_is_touched() {
    let home = directory();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let data_dir = text(&home.path().join("data"));
    let complaint = complaint(run(&["--port", &port, "--data-dir", &data_dir]));
    assert!(complaint.contains("--port"), "{complaint}");
    assert!(!Path::new(&data_dir).exists());
}

#[tokio::test]
async fn the_roof_serves_without_a_database() {
    let home = directory();
    let dev = Dev::start(home.path(), &["--database-url", "roof:"]);
    dev.invoice().await;
    assert!(!home.path().join("pepay.db").exists());
}

#[tokio::test]
async fn a_slow_or_silent_client_is_not_waited_for_at_the_end() {
    use std::io::{Read as _, Write as _};
    let home = directory();
    let dev = Dev::start(home.path(), &[]);
    let address = dev.value("PEPAY_API_URL").trim_start_matches("http://").to_owned();
    let mut kept = std::net::TcpStream::connect(&address).expect("connects");
    kept.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").expect("writes");
    let mut answer = [0; 12];
    kept.read_exact(&mut answer).expect("reads");
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert_eq!(dev.stop(), Some(0), "an idle connection is closed, not waited for");
}

#[tokio::test]
async fn a_backup_restores_the_same_invoices() {
    let (home, data_dir, invoices) = used_directory().await;
    let path = |name: &str| text(&home.path().join(name));
    let (data_dir_text, backup) = (text(&data_dir), path("backup.db"));
    said(&["backup", "--data-dir", &data_dir_text, "--to", &backup]);
    let again = complaint(run(&["backup", "--data-dir", &data_dir_text, "--to", &backup]));
    assert!(again.contains("exists"), "{again}");

    let restored = path("restored");
    said(&["restore", "--data-dir", &restored, "--from", &backup]);
    std::fs::copy(data_dir.join("master.key"), home.path().join("restored/master.key"))
        .expect("copies");
    let dev = Dev::start(&home.path().join("restored"), &[]);
    assert_eq!(dev.invoices().await, invoices);
    dev.invoice().await;
    let while_served = ["restore", "--data-dir", &restored, "--from", &backup, "--force"];
    assert!(complaint(run(&while_served)).contains("stop it first"));
    assert_eq!(dev.stop(), Some(0));

    let unforced = complaint(run(&["restore", "--data-dir", &restored, "--from", &backup]));
    assert!(unforced.contains("--force"), "{unforced}");
    said(&while_served);
    let dev = Dev::start(&home.path().join("restored"), &[]);
    assert_eq!(dev.invoices().await, invoices, "what came after the backup is gone");
}

#[tokio::test]
async fn a_broken_backup_never_takes_the_databases_place() {
    let (home, data_dir, invoices) = used_directory().await;
    let broken = home.path().join("broken.db");
    std::fs::write(&broken, "this is no database, whatever its name says").expect("writes");
    let (data_dir_text, broken) = (text(&data_dir), text(&broken));
    let arguments = ["restore", "--data-dir", &data_dir_text, "--from", &broken, "--force"];
    assert!(complaint(run(&arguments)).contains("does not open"));
    let missing = ["restore", "--data-dir", &data_dir_text, "--from", "/nowhere", "--force"];
    assert!(complaint(run(&missing)).contains("no backup"));
    assert_eq!(Dev::start(&data_dir, &[]).invoices().await, invoices);
}

#[tokio::test]
async fn doctor_is_content_with_a_healthy_deployment() {
    let (_home, data_dir, _) = used_directory().await;
    let directory = text(&data_dir);
    let report = said(&["doctor", "--data-dir", &directory]);
    assert!(!report.contains("FAIL"), "{report}");
    let json = said(&["doctor", "--data-dir", &directory, "--json"]);
    let findings: Vec<Value> = serde_json::from_str(&json).expect("JSON");
    assert!(findings.iter().any(|finding| finding["check"] == "clock"));

    let dev = Dev::start(&data_dir, &[]);
    let report = said(&["doctor", "--data-dir", &directory]);
    assert!(report.contains("a running server"), "{report}");
    assert_eq!(dev.stop(), Some(0));
}

#[tokio::test]
async fn doctor_fails_on_a_missing_database_and_a_wrong_key() {
    let (home, data_dir, _) = used_directory().await;
    let nowhere = text(&home.path().join("nowhere"));
    let output = run(&["doctor", "--data-dir", &nowhere]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("FAIL  database"));
    assert!(!Path::new(&nowhere).exists(), "it only looks");

    let directory = text(&data_dir);
    let other = domain::secret::KeyRing::key_text(&[9; 32]);
    let doctor = |name: &str, value: &str| {
        let mut command = pepay(&["doctor", "--data-dir", &directory]);
        let output = command.env(name, value).output().expect("runs");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).expect("text")
    };
    assert!(doctor("PEPAY_MASTER_KEY", &other).contains("previous_master_keys"));
    assert!(doctor("PEPAY_MASTER_KEY", "short").contains("32 bytes"));
    assert!(doctor("PEPAY_LANES", "0").contains("FAIL  config"));
    assert!(doctor("PEPAY_LISTN", "x").contains("FAIL  config"));
}

#[tokio::test]
async fn serve_refuses_mainnet_with_anything_made_for_a_first_try() {
    let (_home, data_dir, _) = used_directory().await;
    let directory = text(&data_dir);
    let serve = |variables: &[(&str, &str)]| {
        let mut command = pepay(&["serve", "--data-dir", &directory]);
        command.env("PEPAY_ENVIRONMENTS", "devnet,mainnet").env("PEPAY_LISTEN", "127.0.0.1:0");
        complaint(command.envs(variables.iter().copied()).output().expect("runs"))
    };
    let bare = serve(&[]);
    assert!(bare.contains("PEPAY_MASTER_KEY") && bare.contains("PEPAY_PUBLIC_URL"), "{bare}");
    let dev_key = std::fs::read_to_string(data_dir.join("master.key")).expect("reads");
    let https = ("PEPAY_PUBLIC_URL", "https://pay.example");
    let dev_key = serve(&[https, ("PEPAY_MASTER_KEY", dev_key.trim())]);
    assert!(dev_key.contains("`pepay dev` made"), "{dev_key}");
    let own_key = domain::secret::KeyRing::key_text(&[9; 32]);
    let demo = serve(&[https, ("PEPAY_MASTER_KEY", &own_key)]);
    assert!(demo.contains("demo merchant") && demo.contains("demo keys"), "{demo}");
}

#[tokio::test]
async fn watch_refuses_what_serve_refuses_and_makes_no_key() {
    let home = directory();
    let directory = text(home.path());
    said(&["migrate", "--data-dir", &directory]);
    let mut command = pepay(&["watch", "--data-dir", &directory, "--network", "base"]);
    command.args(["--environment", "mainnet", "--tx", "0xabc"]);
    let bare = complaint(command.env("PEPAY_ENVIRONMENTS", "mainnet").output().expect("runs"));
    assert!(bare.contains("PEPAY_MASTER_KEY") && bare.contains("PEPAY_PUBLIC_URL"), "{bare}");
    assert!(!home.path().join("master.key").exists(), "a key was made");

    let (_home, data_dir, _) = used_directory().await;
    let own_key = domain::secret::KeyRing::key_text(&[9; 32]);
    let mut command = pepay(&["watch", "--data-dir", &text(&data_dir), "--network", "base"]);
    command.args(["--tx", "0xabc"]).env("PEPAY_ENVIRONMENTS", "devnet,mainnet");
    command.env("PEPAY_PUBLIC_URL", "https://pay.example").env("PEPAY_MASTER_KEY", &own_key);
    let demo = complaint(command.output().expect("runs"));
    assert!(demo.contains("demo merchant") && demo.contains("demo keys"), "{demo}");
}

#[tokio::test]
async fn dev_leaves_a_real_deployment_alone() {
    let home = directory();
    let directory = text(home.path());
    said(&["migrate", "--data-dir", &directory]);
    assert!(said(&["migrate", "--data-dir", &directory]).contains("already"));
    said(&[
        "merchants",
        "create",
        "--data-dir",
        &directory,
        "--name",
        "Tea",
        "--email",
        "a@b.example",
    ]);
    let refused = complaint(run(&["dev", "--port", "0", "--data-dir", &directory]));
    assert!(refused.contains("real merchants"), "{refused}");
}

#[tokio::test]
async fn the_operator_makes_merchants_and_keys() {
    let home = directory();
    let directory = text(home.path());
    let act = |arguments: &[&str]| {
        let (group, rest) = arguments.split_at(2);
        run(&[group, &["--data-dir", &directory], rest].concat())
    };
    let ok = |arguments: &[&str]| {
        let output = act(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let nothing = complaint(act(&["merchants", "list"]));
    assert!(nothing.contains("there is no database"), "{nothing}");
    said(&["migrate", "--data-dir", &directory]);
    let made = ok(&["merchants", "create", "--name", "Tea Shop", "--email", "a@b.example"]);
    assert!(made.starts_with("merchant 1, owner a@b.example"), "{made}");
    let taken = complaint(act(&["merchants", "create", "--name", "X", "--email", "a@b.example"]));
    assert!(taken.contains("belongs to a member"), "{taken}");
    assert!(ok(&["merchants", "list"]).contains("1\tTea Shop\ta@b.example\tdevnet"));
    assert!(ok(&["merchants", "list", "--requests"]).contains("nobody asks"));

    let key = ok(&["keys", "create", "--merchant", "1", "--name", "first"]);
    assert!(key.starts_with("sk_test_"));
    let live = ["keys", "create", "--merchant", "1", "--name", "x", "--environment", "mainnet"];
    assert!(complaint(act(&live)).contains("enable-mainnet"));
    ok(&["merchants", "enable-mainnet", "1"]);
    assert!(ok(&live).starts_with("sk_live_"));
    let commerce = ["keys", "create", "--merchant", "1", "--name", "x", "--scope", "commerce"];
    assert!(ok(&commerce).starts_with("ck_test_"));
    let import = ["keys", "create", "--merchant", "1", "--name", "x", "--import", "pk_12345678"];
    ok(&import);
    assert!(complaint(act(&import)).contains("in use already"));
    assert!(
        complaint(act(&["keys", "create", "--merchant", "9", "--name", "x"]))
            .contains("no merchant 9")
    );

    let listed = ok(&["keys", "list", "--merchant", "1"]);
    assert_eq!(listed.lines().count(), 4);
    assert!(!listed.contains(key.trim()), "a key is shown once");
    let first = listed.lines().find(|line| line.ends_with("first")).expect("listed");
    let id = first.split('\t').next().expect("an id");
    assert!(ok(&["keys", "revoke", id]).starts_with("revoked"));
    assert!(ok(&["keys", "revoke", id]).contains("before"));
    assert!(ok(&["keys", "list", "--merchant", "1"]).contains("ended"));
}

#[tokio::test]
async fn a_password_for_a_new_owner_comes_from_standard_input() {
    let home = directory();
    let directory = text(home.path());
    said(&["migrate", "--data-dir", &directory]);
    let create = |password: &'static str| {
        use std::io::Write as _;
        let mut command = pepay(&["merchants", "create", "--data-dir", &directory]);
        command.args(["--name", "Tea", "--email", "a@b.example", "--password", "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(password.as_bytes()).expect("writes");
        drop(stdin);
        child.wait_with_output().expect("ends")
    };
    assert!(complaint(create("short\n")).contains("10 to 256"));
    assert!(create("a long password\n").status.success());
}

#[tokio::test]
async fn a_newer_database_is_refused_with_what_to_do() {
    let (_home, data_dir, _) = used_directory().await;
    let connection = rusqlite::Connection::open(data_dir.join("pepay.db")).expect("opens");
    connection
        .execute("UPDATE schema SET version = 999, minimum_compatible = 999", [])
        .expect("the schema's row");
    drop(connection);
    let directory = text(&data_dir);
    let refused = complaint(run(&["dev", "--port", "0", "--data-dir", &directory]));
    assert!(refused.contains("999") && refused.contains("newer pepay"), "{refused}");
    let output = run(&["doctor", "--data-dir", &directory]);
    assert_eq!(output.status.code(), Some(1));
}

/// Runs one statement on the PostgreSQL of the tests.
async fn on_postgres(url: &str, sql: &str) {
    let (client, connection) =
        tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connects");
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("runs");
    drop(client);
    connection.await.expect("ends").expect("ends well");
}

fn postgres() -> String {
    let url = std::env::var("PEPAY_TEST_POSTGRES");
    url.expect("PEPAY_TEST_POSTGRES is set: run the tests by `cargo xtask test`")
}

/// Makes an empty database for one test.
async fn new_database(name: &str) -> String {
    let name = format!("{name}_{}", std::process::id());
    on_postgres(&postgres(), &format!("CREATE DATABASE {name}")).await;
    let url = postgres();
    let (server, _) = url.rsplit_once('/').expect("the URL names a database");
    format!("{server}/{name}")
}

async fn drop_database(url: &str) {
    let (_, name) = url.rsplit_once('/').expect("the URL names a database");
    on_postgres(&postgres(), &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

#[tokio::test]
async fn a_copy_on_postgresql_has_the_same_invoices_and_keys() {
    let (_home, data_dir, invoices) = used_directory().await;
    let to = new_database("commands_copy").await;
    let directory = text(&data_dir);
    let from = format!("sqlite:{directory}/pepay.db");

    let copied = said(&["copy", "--from", &from, "--to", &to]);
    assert!(copied.starts_with("copied "), "{copied}");
    let again = complaint(run(&["copy", "--from", &from, "--to", &to]));
    assert!(again.contains("empty"), "{again}");
    let report = said(&["doctor", "--data-dir", &directory, "--database-url", &to]);
    assert!(!report.contains("FAIL"), "{report}");
    let dev = Dev::start(&data_dir, &["--database-url", &to]);
    assert!(!dev.welcome.contains("Made anew"), "{}", dev.welcome);
    assert_eq!(dev.invoices().await, invoices);
    dev.invoice().await;
    assert_eq!(dev.stop(), Some(0));

    let fresh = ["dev", "--port", "0", "--fresh", "--data-dir", &directory];
    let refused = complaint(run(&[&fresh[..], &["--database-url", &to]].concat()));
    assert!(refused.contains("dropdb"), "{refused}");
    drop_database(&to).await;
}

#[tokio::test]
async fn a_backup_restores_into_an_empty_postgresql() {
    let (home, data_dir, invoices) = used_directory().await;
    let to = new_database("commands_restore").await;
    let directory = text(&data_dir);
    let backup = text(&home.path().join("backup.db"));
    said(&["backup", "--data-dir", &directory, "--to", &backup]);
    said(&["restore", "--from", &backup, "--database-url", &to]);
    let again = complaint(run(&["restore", "--from", &backup, "--database-url", &to]));
    assert!(again.contains("empty"), "{again}");
    let dev = Dev::start(&data_dir, &["--database-url", &to]);
    assert_eq!(dev.invoices().await, invoices);
    assert_eq!(dev.stop(), Some(0));
    drop_database(&to).await;
}

#[tokio::test]
async fn the_api_description_is_printed_alone() {
    let document: Value = serde_json::from_str(&said(&["openapi"])).expect("JSON");
    assert_eq!(document["info"]["title"], "Pepay API (SDK-scoped)");
    assert!(said(&["--version"]).starts_with("pepay "));
    assert!(said(&["--help"]).contains("Examples:"));
}
