//! How many of the found products there are of each brand, category, retailer and price range.
//!
//! Retailers and prices are counted while ranking reads their column. Brands and categories are
//! columns of codes; of many found products an even sample is counted and scaled, so that a facet
//! costs no more for a word that a fifth of the catalogue has.

use tantivy::schema::{Field, Value as _};
use tantivy::{DocAddress, DocId, TantivyDocument};

use crate::document::Retailer;
use crate::fold::fold_name;
use crate::found::{FacetCount, Facets, PriceRange};
use crate::matching::Match;
use crate::ranking::Counted;
use crate::schema::Fields;
use crate::snapshot::Snapshot;

/// Found products whose brands and categories are counted one by one.
pub const FACET_SAMPLE_MAX: usize = 2_048;
/// Neighbours that are counted together: their codes lie beside each other.
const RUN: usize = 32;
/// Values of a facet that are answered.
pub const FACET_VALUES_MAX: usize = 20;

/// A name as a number: 48 bits, never nought, the same for names that are folded alike.
pub(crate) fn name_code(name: &str) -> u64 {
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
    for byte in fold_name(name).bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
    (hash ^ hash >> 48) & 0xFFFF_FFFF_FFFF | 1
}

/// A code, how often it was met, and a product that has it.
type Tally = Vec<(u64, usize, DocAddress)>;

pub(crate) fn facets(
    snapshot: &Snapshot,
    fields: &Fields,
    found: &[Vec<Match>],
    counted: &Counted,
) -> tantivy::Result<Facets> {
    let total: usize = found.iter().map(Vec::len).sum();
    let step = total.div_ceil(FACET_SAMPLE_MAX).max(1);
    let mut brands: Vec<(u64, DocAddress)> = Vec::new();
    let mut categories: Vec<(u64, DocAddress)> = Vec::new();
    let mut passed_over = 0;
    for (ordinal, matches) in found.iter().enumerate() {
        if matches.is_empty() {
            continue;
        }
        let docs = sample(matches, passed_over, step);
        passed_over += matches.len();
        let products = snapshot.products(ordinal);
        let address = |doc| DocAddress::new(ordinal as u32, doc);
        if let Some(codes) = &products.categories {
            for doc in &docs {
                categories.extend(codes.values_for_doc(*doc).map(|code| (code, address(*doc))));
            }
        }
        for doc in docs {
            let code = products.brand.first(doc).filter(|code| *code != 0);
            brands.extend(code.map(|code| (code, address(doc))));
        }
    }
    let brands = most_frequent(brands);
    let categories = most_frequent(categories);
    let named = |tally: Tally, field| {
        let named = tally.into_iter().map(|(code, count, address)| {
            Ok(name(snapshot, field, code, address)?
                .map(|name| FacetCount { name, count: (count * step).min(total) }))
        });
        named.filter_map(Result::transpose).collect::<tantivy::Result<Vec<FacetCount>>>()
    };
    Ok(Facets {
        brands: named(brands, fields.brand)?,
        categories: named(categories, fields.category)?,
        retailers: retailers(counted),
        prices: prices(counted),
        estimated: step > 1,
    })
}

/// Of every so many runs of neighbours one; the runs go on over the segments' borders.
fn sample(matches: &[Match], passed_over: usize, step: usize) -> Vec<DocId> {
    let mut docs = Vec::with_capacity(matches.len() / step + RUN);
    let mut at = 0;
    while at < matches.len() {
        let place = passed_over + at;
        let run = place / RUN;
        let is_counted = run.is_multiple_of(step);
        let next = if is_counted { run + 1 } else { run.next_multiple_of(step) } * RUN;
        let end = matches.len().min(at + next - place);
        if is_counted {
            docs.extend(matches[at..end].iter().map(|a_match| a_match.doc));
        }
        at = end;
    }
    docs
}

fn most_frequent(mut codes: Vec<(u64, DocAddress)>) -> Tally {
    codes.sort_unstable_by_key(|(code, _)| *code);
    let mut tally: Tally = codes
        .chunk_by(|one, next| one.0 == next.0)
        .map(|equal| (equal[0].0, equal.len(), equal[0].1))
        .collect();
    tally.sort_unstable_by_key(|(code, count, _)| (std::cmp::Reverse(*count), *code));
    tally.truncate(FACET_VALUES_MAX);
    tally
}

/// The name with that code, as a product that has it writes it.
fn name(
    snapshot: &Snapshot,
    field: Field,
    code: u64,
    address: DocAddress,
) -> tantivy::Result<Option<String>> {
    if let Some(name) = snapshot.names.get(field, code) {
        return Ok(Some(name));
    }
    let document: TantivyDocument = snapshot.searcher.doc(address)?;
    let mut names = document.get_all(field).filter_map(|value| value.as_str());
    let name = names.find(|name| name_code(name) == code).map(str::to_owned);
    if let Some(name) = &name {
        snapshot.names.keep(field, code, name.clone());
    }
    Ok(name)
}

fn retailers(counted: &Counted) -> Vec<(Retailer, usize)> {
    let counts = Retailer::ALL.map(|kind| (kind, counted.retailer(kind)));
    let mut retailers: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    retailers.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    retailers
}

fn prices(counted: &Counted) -> Vec<(PriceRange, usize)> {
    (0..PriceRange::COUNT)
        .map(|code| (PriceRange::of_code(code), counted.price_range(code as u64)))
        .filter(|(_, count)| *count > 0)
        .collect()
}
