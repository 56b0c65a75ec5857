//! The search index of this process: where it lies, whose turn it is to open it, what it is fed.
//!
//! Several processes may share a data directory: each takes the first directory below `search/`
//! that nobody has, so each keeps an index of its own. Losing one costs the time to feed it again.
//!
//! Invariant: an index that failed is never asked again: whoever comes next opens it anew, which
//! looks at every byte of it, and whoever feeds it sees that it is another one.

use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::{Context as _, bail};
use domain::retailer::Retailer;
use search::{Change, Document, Found, Index, OpenError, Opened, Query, Scope, SearchError, State};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Listed;

/// How many processes can share a data directory.
const PROCESSES_MAX: usize = 64;

/// Searches at the same time where there is one processor.
const SEARCHES_MIN: usize = 2;

/// How long a search waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(5);

/// How long one that opens the index anew waits for those who still read the old one.
const READERS_WAIT: Duration = Duration::from_secs(2);

/// Lies beside an index that is of another database than the one that is open.
const OUTDATED: &str = "outdated";

/// An index that is open.
pub struct Open {
    pub index: Index,
    /// What was found when it was opened.
    pub found: State,
    pub directory: PathBuf,
    is_whole: AtomicBool,
    /// The last of the fields: it tells when the index above has let go of its directory.
    _released: DropGuard,
}

impl Open {
    /// Whether everything there is was fed to it.
    pub fn is_whole(&self) -> bool {
        self.is_whole.load(Ordering::Relaxed)
    }

    pub fn set_whole(&self) {
        self.is_whole.store(true, Ordering::Relaxed);
    }
}

pub struct SearchIndex {
    directory: PathBuf,
    slot: Mutex<Slot>,
    /// Searches that work at the same time: more than there are processors would only take the
    /// memory of so many more, and push each other's out of the caches.
    searching: Arc<Semaphore>,
}

#[derive(Default)]
struct Slot {
    open: Option<Arc<Open>>,
    /// Whether the one that was open last is read by nobody any more.
    released: Option<CancellationToken>,
    /// The directory this process has had before.
    own: Option<PathBuf>,
}

impl SearchIndex {
    pub fn within(data_dir: &Path) -> SearchIndex {
        let processors = std::thread::available_parallelism().map_or(SEARCHES_MIN, NonZero::get);
        SearchIndex {
            directory: data_dir.join("search"),
            slot: Mutex::default(),
            searching: Arc::new(Semaphore::new(processors.max(SEARCHES_MIN))),
        }
    }

    /// The index, opened by whoever asks first.
    pub async fn get(&self) -> anyhow::Result<Arc<Open>> {
        let mut slot = self.slot.lock().await;
        if let Some(open) = &slot.open {
            return Ok(open.clone());
        }
        // Opened beside its readers it would be made once more in another directory.
        if let Some(released) = &slot.released {
            let waiting = timeout(READERS_WAIT, released.cancelled()).await;
            waiting.context("the search index that failed is still read")?;
        }
        let (directory, own) = (self.directory.clone(), slot.own.clone());
        let opened = tokio::task::spawn_blocking(move || open_own(&directory, own)).await;
        let (Opened { index, state }, directory) = opened.context("opening the search index")??;
        slot.own = Some(directory.clone());
        let released = CancellationToken::new();
        let opened = Arc::new(Open {
            index,
            found: state,
            directory,
            is_whole: AtomicBool::new(false),
            _released: released.clone().drop_guard(),
        });
        (slot.open, slot.released) = (Some(opened.clone()), Some(released));
        Ok(opened)
    }

    /// Searches in turn, and says whether everything there is was fed to the index by then.
    pub async fn search(&self, query: Query) -> anyhow::Result<(Found, bool)> {
        let turn = timeout(TURN_WAIT, Arc::clone(&self.searching).acquire_owned()).await;
        let turn = turn.context("too many search at the same time")??;
        // Only whoever has a turn holds the index: one that failed is soon held by nobody.
        let open = self.get().await?;
        let is_whole = open.is_whole();
        let work = move |index: &Index| {
            // Kept until it is done, even if nobody waits for it any more.
            let _turn = turn;
            index.search(&query)
        };
        Ok((self.run(open, work).await?, is_whole))
    }

    /// Works with an index on a thread that may block. One that fails at it, or panics, is let go
    /// of, and what it says is not believed any more.
    pub async fn run<T: Send + 'static>(
        &self,
        open: Arc<Open>,
        work: impl FnOnce(&Index) -> Result<T, SearchError> + Send + 'static,
    ) -> anyhow::Result<T> {
        let which = Arc::downgrade(&open);
        let done = tokio::task::spawn_blocking(move || work(&open.index)).await;
        let error = match done {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => error.into(),
            Err(error) => anyhow::Error::new(error).context("the search index did not answer"),
        };
        let mut slot = self.slot.lock().await;
        if slot.open.as_ref().is_some_and(|open| Weak::ptr_eq(&which, &Arc::downgrade(open))) {
            slot.open = None;
        }
        Err(error)
    }

    /// Lets go of the index: it is opened anew by whoever asks next.
    pub async fn forget(&self) {
        self.slot.lock().await.open = None;
    }

    /// Lets go of an index that holds another database's products: it is made anew.
    pub async fn discard(&self, open: Arc<Open>) -> io::Result<()> {
        tokio::fs::write(open.directory.join(OUTDATED), b"").await?;
        drop(open);
        self.forget().await;
        Ok(())
    }
}

/// The index in the directory this process had before, else in the first one that nobody has.
fn open_own(directory: &Path, own: Option<PathBuf>) -> anyhow::Result<(Opened, PathBuf)> {
    remove_file(directory)?;
    let numbered = (0..PROCESSES_MAX).map(|number| directory.join(number.to_string()));
    for directory in own.into_iter().chain(numbered) {
        remove_file(&directory)?;
        match open_or_anew(&directory) {
            Ok(opened) => return Ok((opened, directory)),
            Err(OpenError::InUse(_)) => {}
            Err(error @ (OpenError::Directory { .. } | OpenError::Engine(_))) => {
                return Err(error.into());
            }
        }
    }
    bail!("{PROCESSES_MAX} processes have their search index in {}", directory.display())
}

/// Takes away a file that lies where a directory is wanted.
fn remove_file(directory: &Path) -> anyhow::Result<()> {
    match directory.symlink_metadata().is_ok() && !directory.is_dir() {
        true => std::fs::remove_file(directory)
            .with_context(|| format!("{} is in the way of the index", directory.display())),
        false => Ok(()),
    }
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
