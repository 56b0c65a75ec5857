//! The index on disk: opened or made anew, written by one, read by many.
//!
//! A batch and the cursor it was read to are one commit of the engine, so that a crash leaves both
//! or neither, and a batch that comes again changes nothing: products are replaced by key. Readers
//! work on the state they began with and never wait for the writer.
//! Invariant: whatever lies in the directory, opening it ends with an index that can be searched;
//! only `products/` within it is ever removed.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tantivy::indexer::IndexWriterOptions;
use tantivy::merge_policy::LogMergePolicy;
use tantivy::schema::Value as _;
use tantivy::{
    IndexReader, IndexWriter, ReloadPolicy, Searcher, SegmentReader, TantivyDocument, Term,
};

use crate::document::Change;
use crate::error::{OpenError, SearchError};
use crate::facets::facets;
use crate::found::{Found, Hit};
use crate::highlight::Marker;
use crate::matching::{Match, matches};
use crate::query::{FacetWish, HighlightWish, Query};
use crate::ranking::{Ranked, Ranking};
use crate::resolve::{Dictionaries, Reading, Resolved, Wanted};
use crate::schema::{FORMAT, Fields, TOKENIZER, TermsTokenizer, schema, settings, written};
use crate::snapshot::Snapshot;
use crate::terms::ScopeTerms;
use crate::ways::{Way, Ways};

/// What the writer gathers in memory before it writes a segment.
const WRITER_MEMORY_BYTES: usize = 32 << 20;
/// Stored titles a segment keeps at hand, in blocks of 4 KiB.
const STORE_BLOCKS_MAX: usize = 32;
/// How far whoever writes steps back for those who answer, of 19.
#[cfg(target_os = "linux")]
const WRITER_NICE: i32 = 10;
/// Segments that are made out of others at once: a large one does not hold up the small ones.
const MERGES_AT_ONCE: usize = 2;
/// Segments of about one size that are merged into one.
const MERGED_AT_ONCE_MIN: usize = 4;
/// Segments below this count as one size: small updates are merged again and again, cheaply.
const SMALL_SEGMENT_DOCS: u32 = 2_000;
/// How many times larger the next size is.
const SIZE_STEP_LOG2: f64 = 2.0;
/// How often damage is looked for until it is believed.
const CHECKS_MAX: usize = 3;
/// The share of replaced products from which on a segment is written again without them.
const REPLACED_SHARE_MAX: f32 = 0.3;

/// How far the follower has read; what it means is the follower's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub i64);

/// What was found where the index should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Whole, and holding everything up to the cursor.
    Sound(Cursor),
    /// Missing, damaged or of another version: it is empty now and wants to be fed everything.
    MadeNew,
}

pub struct Opened {
    pub index: Index,
    pub state: State,
}

/// The index of one process. Dropping it releases its directory.
pub struct Index {
    home: PathBuf,
    fields: Fields,
    engine: tantivy::Index,
    reader: IndexReader,
    /// What is searched at present.
    snapshot: RwLock<Arc<Snapshot>>,
    /// Missing only after it could not be opened again.
    writer: Mutex<Option<IndexWriter>>,
    /// Held as long as the index: locked, so that no other process writes or removes.
    _lock: File,
}

impl Index {
    /// Opens the index in a directory of its own, or makes it.
    pub fn open(directory: &Path) -> Result<Opened, OpenError> {
        let home = directory.join("products");
        let unusable = |source| OpenError::Directory { path: directory.to_owned(), source };
        std::fs::create_dir_all(directory).map_err(unusable)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join("lock"))
            .map_err(unusable)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::InUse(directory.to_owned()),
            TryLockError::Error(source) => unusable(source),
        })?;
        match open_sound(&home) {
            Ok((engine, cursor)) => {
                let index = Index::around(engine, home, lock)?;
                return Ok(Opened { index, state: State::Sound(cursor) });
            }
            Err(Unsound::Missing) => {}
            Err(Unsound::Damaged(why)) => {
                tracing::warn!(
                    search.directory = %home.display(),
                    search.reason = why,
                    "the search index is damaged or of another version and is made anew"
                );
            }
        }
        remove(&home).map_err(unusable)?;
        std::fs::create_dir_all(&home).map_err(unusable)?;
        let engine = tantivy::Index::builder()
            .schema(schema().0)
            .settings(settings())
            .create_in_dir(&home)
            .map_err(SearchError)?;
        let index = Index::around(engine, home, lock)?;
        Ok(Opened { index, state: State::MadeNew })
    }

    fn around(engine: tantivy::Index, home: PathBuf, lock: File) -> Result<Index, SearchError> {
        engine.tokenizers().register(TOKENIZER, TermsTokenizer);
        let reader = engine
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(STORE_BLOCKS_MAX)
            .try_into()?;
        let snapshot = RwLock::new(Arc::new(Snapshot::of(reader.searcher())?));
        let writer = Mutex::new(Some(aside(|| open_writer(&engine))?));
        let fields = schema().1;
        Ok(Index { home, fields, engine, reader, snapshot, writer, _lock: lock })
    }

    /// Writes a batch and the cursor it was read to, durably; what it says is found from now on.
    ///
    /// Of several changes of one key the last counts.
    pub fn apply(&self, changes: &[Change], cursor: Cursor) -> Result<(), SearchError> {
        let mut last: HashMap<&[u8; 16], usize> = HashMap::with_capacity(changes.len());
        for (index, change) in changes.iter().enumerate() {
            last.insert(change.key(), index);
        }
        aside(|| {
            let mut slot = self.writer();
            let writer = match slot.take() {
                Some(writer) => slot.insert(writer),
                None => slot.insert(open_writer(&self.engine)?),
            };
            let done = self.write(writer, changes, &last, cursor);
            if done.is_err() {
                // Half a batch must not become part of the next one's commit.
                writer.rollback()?;
            }
            done?;
            self.reload()?;
            Ok(())
        })
    }

    fn write(
        &self,
        writer: &mut IndexWriter,
        changes: &[Change],
        last: &HashMap<&[u8; 16], usize>,
        cursor: Cursor,
    ) -> Result<(), SearchError> {
        let known = &self.snapshot().searcher;
        for (index, change) in changes.iter().enumerate() {
            if last.get(change.key()) != Some(&index) {
                continue;
            }
            let key = Term::from_field_bytes(self.fields.key, change.key());
            // Asking the dictionaries is cheaper than having every segment look at commit.
            if known.doc_freq(&key)? > 0 {
                writer.delete_term(key);
            }
            match change {
                Change::Put(document) => {
                    writer.add_document(written(&self.fields, document))?;
                }
                Change::Delete(_) => {}
            }
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&payload(cursor));
        commit.commit()?;
        Ok(())
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on searches read the last commit.
    fn reload(&self) -> Result<(), SearchError> {
        self.reader.reload()?;
        let next = Arc::new(self.snapshot().followed_by(self.reader.searcher())?);
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// Lets searches read what was merged meanwhile; answers whether anything was.
    pub fn refresh(&self) -> Result<bool, SearchError> {
        // Whoever writes reloads himself, and two at once might go back.
        let _writing = self.writer();
        let mut merged = self.engine.searchable_segment_ids()?;
        let snapshot = self.snapshot();
        let segments = snapshot.searcher.segment_readers().iter();
        let mut read: Vec<_> = segments.map(SegmentReader::segment_id).collect();
        merged.sort_unstable();
        read.sort_unstable();
        let is_behind = merged != read;
        if is_behind {
            self.reload()?;
        }
        Ok(is_behind)
    }

    fn writer(&self) -> MutexGuard<'_, Option<IndexWriter>> {
        // A panic between two calls of the engine leaves it as a crash would: the next commit
        // or rollback decides.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until as many segments are merged as will be.
    ///
    /// Nobody has to wait for that: a merge is one while others search and write.
    pub fn wait_for_merges(&self) -> Result<(), SearchError> {
        let mut slot = self.writer();
        self.rested(&mut slot)?;
        self.reload()
    }

    /// A writer that merges nothing: only one that ends waits for its merges.
    fn rested<'a>(
        &self,
        slot: &'a mut Option<IndexWriter>,
    ) -> Result<&'a mut IndexWriter, SearchError> {
        if let Some(writer) = slot.take() {
            writer.wait_merging_threads()?;
        }
        Ok(slot.insert(aside(|| open_writer(&self.engine))?))
    }

    /// Merges everything into one segment and lets go of files nobody reads any more.
    ///
    /// For whoever has just fed everything: searching is fastest then. Searches go on meanwhile.
    pub fn settle(&self) -> Result<(), SearchError> {
        let mut slot = self.writer();
        // What is being merged cannot be merged.
        let writer = self.rested(&mut slot)?;
        let ids = self.engine.searchable_segment_ids()?;
        if ids.len() > 1 {
            writer.merge(&ids).wait()?;
        }
        self.reload()?;
        writer.garbage_collect_files().wait()?;
        Ok(())
    }

    /// Looks at every byte on disk that a search may read; an error says that some are damaged.
    ///
    /// Files come and go while it looks, so damage is what is found every time.
    pub fn check(&self) -> Result<(), SearchError> {
        let mut why = String::new();
        for _ in 0..CHECKS_MAX {
            why = match open_sound(&self.home) {
                Ok(_) => return Ok(()),
                Err(Unsound::Missing) => "it is gone".to_owned(),
                Err(Unsound::Damaged(why)) => why,
            };
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, why).into())
    }

    /// Products that are found.
    pub fn len(&self) -> u64 {
        self.snapshot().searcher.num_docs()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Segments that a search looks into.
    pub fn segments(&self) -> usize {
        self.snapshot().searcher.segment_readers().len()
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> Result<u64, SearchError> {
        let mut bytes = 0;
        for entry in std::fs::read_dir(&self.home)? {
            match entry?.metadata() {
                Ok(metadata) => bytes += metadata.len(),
                // Merging removes files at any time.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(bytes)
    }

    /// Answers a query on the state of the last `apply`.
    pub fn search(&self, query: &Query) -> Result<Found, SearchError> {
        let text = query.text();
        let wanted = Wanted::of(text);
        if wanted.is_empty() && !text.trim().is_empty() {
            // Signs alone are no wish to see everything.
            return Ok(Found::nothing(query));
        }
        let snapshot = self.snapshot();
        let searcher = &snapshot.searcher;
        let dictionaries = self.dictionaries(searcher, query)?;
        let mut answer = None;
        for reading in [Reading::Literal, Reading::Wide] {
            let Some(resolved) = dictionaries.resolve(query, &wanted, reading)? else {
                break;
            };
            let mut ranking = Ranking::new(query, resolved.words.len());
            let found = matched(&snapshot, &dictionaries, &resolved, &mut ranking)?;
            let is_empty = found.iter().all(Vec::is_empty);
            answer = Some((resolved, ranking, found));
            if !is_empty || wanted.is_empty() {
                break;
            }
        }
        let Some((resolved, ranking, found)) = answer else { return Ok(Found::nothing(query)) };
        let facets = match query.facets {
            FacetWish::Wanted => Some(facets(&snapshot, &self.fields, &found, &ranking.counted)?),
            FacetWish::Not => None,
        };
        let marker = match query.highlight {
            HighlightWish::Wanted => Some(Marker::new(&resolved.marks)),
            HighlightWish::Not => None,
        };
        let page = ranking.best.from(query.offset());
        let hits = page.iter().map(|ranked| self.hit(searcher, *ranked, marker.as_ref()));
        Ok(Found {
            total: found.iter().map(Vec::len).sum(),
            hits: hits.collect::<Result<_, _>>()?,
            facets,
            left_out: resolved.left_out,
        })
    }

    fn dictionaries<'a>(
        &self,
        searcher: &'a Searcher,
        query: &Query,
    ) -> Result<Dictionaries<'a>, SearchError> {
        let segments = searcher.segment_readers().iter();
        let readers = segments.map(|segment| segment.inverted_index(self.fields.terms));
        Ok(Dictionaries {
            segments: searcher.segment_readers(),
            readers: readers.collect::<Result<_, _>>()?,
            scopes: query.scopes().into_iter().map(ScopeTerms::of).collect(),
        })
    }

    fn hit(
        &self,
        searcher: &Searcher,
        ranked: Ranked,
        marker: Option<&Marker<'_>>,
    ) -> Result<Hit, SearchError> {
        let address = tantivy::DocAddress::new(ranked.segment, ranked.doc);
        let stored: TantivyDocument = searcher.doc(address)?;
        let text = |field| {
            let value = stored.get_first(field).and_then(|value| value.as_str());
            value.unwrap_or_default().to_owned()
        };
        let key = stored.get_first(self.fields.key).and_then(|value| value.as_bytes());
        let key = key.and_then(|key| key.try_into().ok()).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "a product without its key")
        })?;
        Ok(Hit {
            key,
            product_id: text(self.fields.product_id),
            score: ranked.rank,
            highlight: marker.map(|marker| marker.highlight(text(self.fields.title))),
        })
    }
}

/// Takes away what lies there, be it a directory, a file or a link; nothing is fine, too.
fn remove(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Works on a thread that steps back for others who have work. So do the engine's own threads, if
/// they are begun there: answering comes first, and a catalogue is searched a little later.
fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // Elsewhere it would be the whole process that stepped back.
            #[cfg(target_os = "linux")]
            // Whoever may not is not slower than everybody else.
            let _ = rustix::process::setpriority_process(None, WRITER_NICE);
            work()
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// One thread that writes, and those that merge, in bounded memory.
fn open_writer(engine: &tantivy::Index) -> Result<IndexWriter, SearchError> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .num_merge_threads(MERGES_AT_ONCE)
        .memory_budget_per_thread(WRITER_MEMORY_BYTES)
        .build();
    let writer: IndexWriter = engine.writer_with_options(options)?;
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(MERGED_AT_ONCE_MIN);
    policy.set_min_layer_size(SMALL_SEGMENT_DOCS);
    policy.set_level_log_size(SIZE_STEP_LOG2);
    policy.set_del_docs_ratio_before_merge(REPLACED_SHARE_MAX);
    writer.set_merge_policy(Box::new(policy));
    Ok(writer)
}

/// What was found in each segment, ranked on the way.
fn matched(
    snapshot: &Snapshot,
    dictionaries: &Dictionaries<'_>,
    resolved: &Resolved,
    ranking: &mut Ranking<'_>,
) -> Result<Vec<Vec<Match>>, SearchError> {
    fn in_segment(ways: &[Ways], ordinal: usize) -> Vec<&[Way]> {
        ways.iter().map(|ways| ways[ordinal].as_slice()).collect()
    }
    let mut found = Vec::with_capacity(dictionaries.readers.len());
    for (ordinal, segment) in snapshot.searcher.segment_readers().iter().enumerate() {
        let words = in_segment(&resolved.words, ordinal);
        let filters = in_segment(&resolved.filters, ordinal);
        let reader = &dictionaries.readers[ordinal];
        let mut matches = matches(reader, segment.max_doc(), &words, &filters)?;
        if !matches.is_empty() {
            ranking.take((ordinal, segment), snapshot.products(ordinal), &mut matches);
        }
        found.push(matches);
    }
    Ok(found)
}

enum Unsound {
    Missing,
    Damaged(String),
}

impl From<tantivy::TantivyError> for Unsound {
    fn from(error: tantivy::TantivyError) -> Unsound {
        Unsound::Damaged(error.to_string())
    }
}

/// Opens what is there if it is ours, of this version, and every byte of it as it was written.
fn open_sound(home: &Path) -> Result<(tantivy::Index, Cursor), Unsound> {
    if !home.join("meta.json").exists() {
        return Err(Unsound::Missing);
    }
    let engine = tantivy::Index::open_in_dir(home)?;
    if engine.schema() != schema().0 {
        return Err(Unsound::Damaged("it has other fields".to_owned()));
    }
    let metas = engine.load_metas()?;
    let Some(cursor) = metas.payload.as_deref().and_then(cursor_of) else {
        return Err(Unsound::Damaged("it was never fed, or by another version".to_owned()));
    };
    check_list(home, &engine, &metas)?;
    let damaged = engine.validate_checksum()?;
    if let Some(path) = damaged.iter().next() {
        return Err(Unsound::Damaged(format!("{} is not as it was written", path.display())));
    }
    // Files that are missing show when a reader wants them.
    let reader: IndexReader =
        engine.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    drop(reader);
    Ok((engine, cursor))
}

/// The engine checks only files that its own list names: a list with holes would hide damage.
fn check_list(
    home: &Path,
    engine: &tantivy::Index,
    metas: &tantivy::IndexMeta,
) -> Result<(), Unsound> {
    let listed = engine.directory().list_managed_files();
    let segments: Vec<String> =
        metas.segments.iter().map(|segment| segment.id().uuid_string()).collect();
    let unreadable = |error: io::Error| Unsound::Damaged(error.to_string());
    for entry in std::fs::read_dir(home).map_err(unreadable)? {
        let name = PathBuf::from(entry.map_err(unreadable)?.file_name());
        let of_segment = |id: &String| name.to_string_lossy().starts_with(id.as_str());
        if segments.iter().any(of_segment) && !listed.contains(&name) {
            return Err(Unsound::Damaged(format!("its list of files lacks {}", name.display())));
        }
    }
    Ok(())
}

/// What stands beside a commit: the format it was written in and the follower's cursor.
fn payload(cursor: Cursor) -> String {
    format!("format {FORMAT} cursor {}", cursor.0)
}

fn cursor_of(payload: &str) -> Option<Cursor> {
    let cursor = payload.strip_prefix(&format!("format {FORMAT} cursor "))?;
    cursor.parse().ok().map(Cursor)
}
