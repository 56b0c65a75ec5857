//! The search index of this process: where it lies, whose turn it is to open it, what it is fed.
//!
//! Several processes may share a data directory: each takes the first directory below `search/`
//! that nobody has, so each keeps an index of its own. Losing one costs the time to feed it again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, bail};
use domain::retailer::Retailer;
use search::{Change, Document, Index, OpenError, Opened, Scope, State};
use tokio::sync::Mutex;

use super::Listed;

/// How many processes can share a data directory.
const PROCESSES_MAX: usize = 64;

/// Lies beside an index that is of another database than the one that is open.
const OUTDATED: &str = "outdated";

/// An index that is open.
pub struct Open {
    pub index: Index,
    /// What was found when it was opened.
    pub found: State,
    pub directory: PathBuf,
}

pub struct SearchIndex {
    directory: PathBuf,
    open: Mutex<Option<Arc<Open>>>,
    is_whole: AtomicBool,
}

impl SearchIndex {
    pub fn within(data_dir: &Path) -> SearchIndex {
        SearchIndex {
            directory: data_dir.join("search"),
            open: Mutex::default(),
            is_whole: AtomicBool::new(false),
        }
    }

    /// The index, opened by whoever asks first.
    pub async fn get(&self) -> anyhow::Result<Arc<Open>> {
        let mut open = self.open.lock().await;
        if let Some(open) = &*open {
            return Ok(open.clone());
        }
        let directory = self.directory.clone();
        let opened = tokio::task::spawn_blocking(move || open_first(&directory)).await;
        let opened = Arc::new(opened.context("opening the search index")??);
        *open = Some(opened.clone());
        Ok(opened)
    }

    /// Lets go of an index that failed: it is opened anew by whoever asks next.
    pub async fn forget(&self) {
        self.is_whole.store(false, Ordering::Relaxed);
        *self.open.lock().await = None;
    }

    /// Lets go of an index that holds another database's products: it is made anew.
    pub async fn discard(&self, open: Arc<Open>) -> std::io::Result<()> {
        tokio::fs::write(open.directory.join(OUTDATED), b"").await?;
        drop(open);
        self.forget().await;
        Ok(())
    }

    /// Whether everything there is was fed to it.
    pub fn is_whole(&self) -> bool {
        self.is_whole.load(Ordering::Relaxed)
    }

    pub fn set_whole(&self) {
        self.is_whole.store(true, Ordering::Relaxed);
    }
}

fn open_first(directory: &Path) -> anyhow::Result<Open> {
    for number in 0..PROCESSES_MAX {
        let directory = directory.join(number.to_string());
        match open_or_anew(&directory) {
            Ok(Opened { index, state }) => return Ok(Open { index, found: state, directory }),
            Err(OpenError::InUse(_)) => {}
            Err(error @ (OpenError::Directory { .. } | OpenError::Engine(_))) => {
                return Err(error.into());
            }
        }
    }
    bail!("{PROCESSES_MAX} processes have their search index in {}", directory.display())
}

fn open_or_anew(directory: &Path) -> Result<Opened, OpenError> {
    let opened = Index::open(directory)?;
    let outdated = directory.join(OUTDATED);
    if !outdated.exists() {
        return Ok(opened);
    }
    drop(opened);
    let removed = std::fs::remove_dir_all(directory.join("products"))
        .and_then(|()| std::fs::remove_file(&outdated));
    removed.map_err(|source| OpenError::Directory { path: directory.to_owned(), source })?;
    Index::open(directory)
}

/// The index's word for a retailer.
pub fn searched(retailer: Retailer) -> search::Retailer {
    match retailer {
        Retailer::Amazon => search::Retailer::Amazon,
        Retailer::Walmart => search::Retailer::Walmart,
        Retailer::Target => search::Retailer::Target,
        Retailer::Ebay => search::Retailer::Ebay,
        Retailer::Bestbuy => search::Retailer::Bestbuy,
        Retailer::Other => search::Retailer::Other,
    }
}

/// What the index is told of a product. What nobody sells is not searched for.
pub fn change_of(listed: &Listed) -> Change {
    let product = &listed.product;
    let key = product.key().0;
    let Some(best) = listed.best() else { return Change::Delete(key) };
    let mut description = product.description.clone().unwrap_or_default();
    for bullet in &product.bullets {
        description.push('\n');
        description.push_str(bullet);
    }
    let environment = product.environment;
    Change::Put(Document {
        key,
        scope: Scope { merchant_id: product.merchant_id.0, environment },
        product_id: product.product_id.clone(),
        retailer: searched(product.retailer),
        title: product.title.clone(),
        description,
        brand: product.brand.clone(),
        categories: product.categories.clone(),
        price: best.offer.price,
        rating_hundredths: product.rating.map(i64::from),
        review_count: product.review_count.into(),
        in_stock: listed.is_available(),
        updated_at_ms: product.updated_at.0,
    })
}
