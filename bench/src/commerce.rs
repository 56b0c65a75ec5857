//! `bench commerce`: a shop from its catalog to its orders.
//!
//! The index alone first, then servers over HTTP: a file of products goes in by the route of
//! merchants, and once all of it is found it is searched, flat out and at half of the bar's load.
//! Carts and checkouts are those of the smallest shop asked for. What was answered is added up
//! again at the end: every checkout is an order, every item is in its cart.

mod catalogue;
mod index;
mod load;
mod shop;

use anyhow::{Result, ensure};

use crate::options::{CommerceOptions, CommercePart};
use crate::report::{Bar, print_bars};
use crate::servers::{Data, Engine, Server, Site};

use catalogue::Catalogue;
use shop::Shop;

const SEARCHES_PER_SECOND_MIN: f64 = 1_500.0;
const PACED_PER_SECOND: u64 = 750;
const PACED_MS_MAX: f64 = 15.0;
const INDEX_MIB_MAX: f64 = 300.0;
const IMPORTED_PER_SECOND_MIN: f64 = 20_000.0;
const ITEMS_PER_SECOND_MIN: f64 = 10_000.0;
const CHECKOUTS_PER_SECOND_MIN: f64 = 3_000.0;

pub async fn run(options: CommerceOptions) -> Result<()> {
    let wants = |part| options.part.contains(&part);
    if wants(CommercePart::Index) {
        for &products in &options.products {
            let measured = options.measured();
            let bars = tokio::task::spawn_blocking(move || index::run(products, measured));
            print_bars(&bars.await??, options.format());
        }
    }
    let mut site = Site::new()?;
    for &engine in &options.engine {
        ensure!(
            matches!(engine, Engine::Sqlite | Engine::Postgres),
            "only what keeps something can be a shop"
        );
        if wants(CommercePart::Search) {
            for &products in &options.products {
                let bars = search(&mut site, engine, products, &options).await?;
                print_bars(&bars, options.format());
            }
        }
        if wants(CommercePart::Cart) || wants(CommercePart::Checkout) {
            print_bars(&buy(&mut site, engine, &options).await?, options.format());
        }
    }
    Ok(())
}

async fn search(
    site: &mut Site,
    engine: Engine,
    products: u64,
    options: &CommerceOptions,
) -> Result<Vec<Bar>> {
    let home = site.home(engine).await?;
    let server = Server::start(&home, Data::Fresh).await?;
    let shop = Shop::new(server.target(), Catalogue::new(), products);
    let name = |what: &str| format!("{} of {products}: {what}", engine.name());
    let imported = shop.import().await?;
    let indexed = shop.wait_until_found().await?;
    let resident = crate::process::resident_kib(server.pid())? / 1_024;
    println!(
        "{}: all found {:.1} s after the last line, {resident} MiB resident",
        name("import"),
        indexed.as_secs_f64()
    );
    let flat_out = shop.search(options.connections, options.measured()).await?;
    println!("{}: {}", name("searches"), flat_out.line());
    let paced = shop.search_paced(PACED_PER_SECOND, options.measured()).await?;
    println!("{}: {}", name("searches at half the load"), paced.line());
    server.stop();
    Ok(vec![
        Bar::at_least(name("products imported"), Some(imported), IMPORTED_PER_SECOND_MIN)
            .in_unit("/s"),
        Bar::at_least(name("searches"), Some(flat_out.per_second()), SEARCHES_PER_SECOND_MIN)
            .in_unit("/s"),
        Bar::at_most(name("p99 at half of that"), Some(paced.p99_ms()), PACED_MS_MAX)
            .in_unit(" ms"),
    ])
}

async fn buy(site: &mut Site, engine: Engine, options: &CommerceOptions) -> Result<Vec<Bar>> {
    let home = site.home(engine).await?;
    let server = Server::start(&home, Data::Fresh).await?;
    let products = options.products.iter().copied().min().unwrap_or(1_000);
    let shop = Shop::new(server.target(), Catalogue::new(), products);
    shop.import().await?;
    let name = |what: &str| format!("{}: {what}", engine.name());
    let mut bars = Vec::new();
    if options.part.contains(&CommercePart::Cart) {
        let cpu = site.cpu_seconds(&server)?;
        let added = shop.fill_carts(options.connections, options.measured()).await?;
        let each = (site.cpu_seconds(&server)? - cpu) * 1e6 / added.count() as f64;
        println!("{}: {}, {each:.0} us of processor each", name("items added"), added.line());
        bars.push(
            Bar::at_least(name("items added"), Some(added.per_second()), ITEMS_PER_SECOND_MIN)
                .in_unit("/s"),
        );
    }
    if options.part.contains(&CommercePart::Checkout) {
        let cpu = site.cpu_seconds(&server)?;
        let done = shop.check_out(options.connections, options.measured()).await?;
        let each = (site.cpu_seconds(&server)? - cpu) * 1e6 / done.count() as f64;
        println!("{}: {}, {each:.0} us of processor each", name("checkouts"), done.line());
        bars.push(
            Bar::at_least(name("checkouts"), Some(done.per_second()), CHECKOUTS_PER_SECOND_MIN)
                .in_unit("/s"),
        );
    }
    server.stop();
    Ok(bars)
}
