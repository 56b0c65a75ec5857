//! Every list explained by its database, on empty tables and on full ones: none reads a table
//! through.
//!
//! SQLite must search or walk an index of the right order; PostgreSQL must not need a sequential
//! scan, neither with the values known nor with a plan for any values.

use store::plans::{Statement, statements};
use store::row::Value;

use crate::engines::{Database, client, on_postgres};
use crate::lists;
use crate::order_samples;

/// Tables of a handful of rows may be read whole.
const SMALL: [&str; 1] = ["watch_cursors"];

#[tokio::test(flavor = "multi_thread")]
async fn no_list_of_sqlite_reads_a_table_through() {
    let database = Database::sqlite();
    let store = database.open().await;
    let path = database.sqlite_path();
    check_sqlite(&path);
    lists::fill(&store).await;
    order_samples::fill(&store).await;
    check_sqlite(&path);
    store.close().await;
    database.execute("ANALYZE").await;
    check_sqlite(&path);
}

const NO_AUTOVACUUM: &str = "DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', one.tablename);
    END LOOP;
END $$";

#[tokio::test(flavor = "multi_thread")]
async fn no_list_of_postgres_reads_a_table_through() {
    on_postgres(async |database| {
        let store = database.open().await;
        let client = client(&database.url).await;
        // What the planner knows of the tables is this test's doing, and not a matter of when the
        // server's own analysis comes round.
        client.batch_execute(NO_AUTOVACUUM).await.expect("runs");
        check_postgres(&client).await;
        lists::fill(&store).await;
        order_samples::fill(&store).await;
        multiply_postgres(&client).await;
        check_postgres(&client).await;
        client.batch_execute("VACUUM ANALYZE").await.expect("runs");
        check_postgres(&client).await;
        store.close().await;
    })
    .await;
}

fn check_sqlite(path: &std::path::Path) {
    let database = rusqlite::Connection::open(path).expect("opens");
    for statement in statements() {
        let Statement { table, sql, .. } = &statement;
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let mut explain = database.prepare(&explain).expect("is understood");
        let nulls = rusqlite::params_from_iter(vec![None::<i64>; statement.params.len()]);
        let detail = |row: &rusqlite::Row<'_>| row.get::<_, String>(3);
        let steps = explain.query_map(nulls, detail).expect("is explained");
        let steps: Vec<String> = steps.map(|step| step.expect("text")).collect();
        let plan = steps.join("\n");
        let reads_all = steps.iter().any(|step| step.starts_with(&format!("SCAN {table}")));
        assert!(!reads_all || SMALL.contains(table), "{sql}\n{plan}");
        // A page must come out of an index in order, or a limit does not bound the work.
        let is_page = sql.contains("ORDER BY key") && sql.contains("LIMIT");
        let sorts_few = sql.contains("AS branch_0");
        assert!(!is_page || sorts_few || !plan.contains("FOR ORDER BY"), "{sql}\n{plan}");
        if *table == "invoices" {
            check_invoice_plan(sql, &plan);
        }
        if *table == "log" {
            check_log_plan(sql, &plan);
        }
    }
}

/// History must come out of an index in the order of the log, branch by branch.
fn check_log_plan(sql: &str, plan: &str) {
    let index = if sql.contains("invoice_id = ") {
        ["log_by_invoice", "log_by_order"]
    } else if sql.contains("order_id = ") {
        ["log_by_order"; 2]
    } else if sql.contains("is_commerce = 1") {
        ["log_commerce"; 2]
    } else if sql.contains("kind >= 1000") {
        ["log_notices"; 2]
    } else if sql.contains("kind = ") {
        ["log_by_kind"; 2]
    } else {
        return;
    };
    assert!(index.iter().any(|one| plan.contains(one)), "not by {index:?}: {sql}\n{plan}");
}

/// Which index a list of invoices must be read by.
fn check_invoice_plan(sql: &str, plan: &str) {
    let index = if sql.contains("due_at <=") {
        "invoices_due"
    } else if sql.contains("customer_id =") && plan.contains("invoices_by_wallet") {
        // Of a customer and a wallet either will do.
        "invoices_by_wallet"
    } else if sql.contains("customer_id =") {
        "invoices_by_customer"
    } else if sql.contains("payer_wallet_address =") {
        "invoices_by_wallet"
    } else if sql.contains("invoice_type = 1") {
        "invoices_commerce"
    } else {
        "invoices_by_status"
    };
    let is_total = sql.starts_with("SELECT status, COUNT(*)");
    // A span of time that is closed on both sides narrows as well as a state does.
    let is_span = is_total && sql.contains("key >= ") && sql.contains("key < ");
    if is_span && plan.contains("invoices_pkey") {
        return;
    }
    assert!(plan.contains(index), "not by {index}: {sql}\n{plan}");
    if is_total && !sql.contains("invoice_type") {
        let is_covered = plan.contains("COVERING INDEX") || plan.contains("Index Only Scan");
        let can_be = index == "invoices_by_status" && !sql.contains("payer_wallet");
        assert!(is_covered || !can_be, "reads rows: {sql}\n{plan}");
    }
}

async fn check_postgres(client: &tokio_postgres::Client) {
    let settings = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off";
    client.batch_execute(settings).await.expect("settings");
    for (mode, is_for_any_values) in [("force_generic_plan", true), ("force_custom_plan", false)] {
        client.batch_execute(&format!("SET plan_cache_mode = {mode}")).await.expect("a setting");
        for statement in statements() {
            let plan = explain(client, &statement).await;
            let Statement { table, sql, .. } = &statement;
            let reads_all = plan.contains("Seq Scan");
            assert!(!reads_all || SMALL.contains(table), "{mode} {sql}\n{plan}");
            // Values that leave a handful of keys may be read by them and sorted.
            if !is_for_any_values {
                continue;
            }
            let is_page = sql.contains("ORDER BY key") && sql.contains("LIMIT");
            let sorts_few = sql.contains("AS branch_0");
            assert!(!is_page || sorts_few || !plan.contains("Sort  ("), "{sql}\n{plan}");
            if *table == "invoices" {
                check_invoice_plan(sql, &plan);
            }
            if *table == "log" {
                check_log_plan(sql, &plan);
            }
        }
    }
}

/// Doubles the invoices until plans for a small table no longer pay.
async fn multiply_postgres(client: &tokio_postgres::Client) {
    for table in ["invoices", "orders"] {
        let double = format!(
            "CREATE TEMP TABLE more AS SELECT * FROM {table};
            UPDATE more SET key = gen_random_uuid();
            INSERT INTO {table} SELECT * FROM more;
            DROP TABLE more"
        );
        for _ in 0..7 {
            client.batch_execute(&double).await.expect("twice as many");
        }
    }
}

async fn explain(client: &tokio_postgres::Client, statement: &Statement) -> String {
    let literals: Vec<String> = statement.params.iter().map(literal).collect();
    let prepare = format!("PREPARE explained AS {}", statement.sql);
    client.batch_execute(&prepare).await.expect("is understood");
    let arguments = match literals.is_empty() {
        true => String::new(),
        false => format!("({})", literals.join(", ")),
    };
    let explain = format!("EXPLAIN EXECUTE explained{arguments}");
    let rows = client.simple_query(&explain).await.expect("is explained");
    client.batch_execute("DEALLOCATE explained").await.expect("is forgotten");
    let line = |row: &tokio_postgres::SimpleQueryMessage| match row {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    rows.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => format!("'{text}'"),
        Value::Key(key) => format!("'{}'", key.uuid()),
        Value::Bytes(_) => panic!("no list takes bytes"),
    }
}
