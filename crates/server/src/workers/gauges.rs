//! What is measured only when somebody looks: commits, log, watchers, invoices by status.

use crate::app::App;

/// Brings the gauges up to date, just before they are rendered.
pub async fn collect(app: &App) {
    for (environment, network, lag_ms) in app.networks.lags(app.now()) {
        let labels =
            format!("environment=\"{}\",network=\"{}\"", environment.as_str(), network.as_str());
        if let Some(lag_ms) = lag_ms {
            app.metrics.set(&format!("pepay_watcher_lag_ms{{{labels}}}"), lag_ms);
        }
        let head = app.head(environment, network) as i64;
        app.metrics.set(&format!("pepay_watcher_head_number{{{labels}}}"), head);
    }
    for ((environment, network), node) in app.networks.health() {
        let labels = format!(
            "environment=\"{}\",network=\"{}\",node=\"{}\"",
            environment.as_str(),
            network.as_str(),
            node.name
        );
        let is_usable = i64::from(node.is_usable && node.complaint.is_none());
        app.metrics.set(&format!("pepay_node_usable{{{labels}}}"), is_usable);
        let head = node.head.and_then(|head| i64::try_from(head).ok()).unwrap_or(0);
        app.metrics.set(&format!("pepay_node_head_number{{{labels}}}"), head);
    }
    match app.store.gauges().await {
        Ok(gauges) => gauges.iter().for_each(|(name, value)| counter(app, name, *value)),
        Err(error) => tracing::debug!(%error, "gauges are not to be had"),
    }
    commits(app);
    app.realtime.measure(&app.metrics);
    app.rates.measure(&app.metrics, app.now());
    for lane in 0..app.config.lanes {
        if let Ok(head) = app.store.log_head(lane).await {
            app.metrics.set(&format!("pepay_log_position{{lane=\"{lane}\"}}"), head);
        }
    }
}

/// `invoices.devnet.paid` becomes a gauge with two labels.
fn counter(app: &App, name: &str, value: i64) {
    let mut parts = name.split('.');
    if let (Some("invoices"), Some(environment), Some(status), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    {
        let labels = format!("environment=\"{environment}\",status=\"{status}\"");
        app.metrics.set(&format!("pepay_invoices{{{labels}}}"), value);
    }
}

/// How the store commits: groups, waits, and why changes were refused.
fn commits(app: &App) {
    let stats = app.store.stats();
    let plain = [
        ("pepay_commit_groups_total", stats.groups),
        ("pepay_commit_changes_total", stats.changes),
        ("pepay_commit_conflicts_total", stats.conflicts),
        ("pepay_commit_exists_total", stats.exists),
        ("pepay_commit_insufficient_total", stats.insufficient),
        ("pepay_commit_failures_total", stats.failures),
        ("pepay_commit_retries_total", stats.retries),
        ("pepay_commit_queue_depth", stats.queue_depth),
    ];
    for (name, value) in plain {
        app.metrics.set(name, i64::try_from(value).unwrap_or(i64::MAX));
    }
    histogram(app, "pepay_commit_group_size", &stats.group_sizes);
    histogram(app, "pepay_commit_wait_microseconds", &stats.wait_us);
}

fn histogram(app: &App, name: &str, buckets: &[(u64, u64)]) {
    let mut below = 0;
    for (bound, count) in buckets {
        below += count;
        let value = i64::try_from(below).unwrap_or(i64::MAX);
        app.metrics.set(&format!("{name}_bucket{{le=\"{bound}\"}}"), value);
    }
}
