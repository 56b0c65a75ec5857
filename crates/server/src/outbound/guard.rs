//! Which addresses may be connected to: looked at after a name was resolved, at every connect.
//!
//! A name that was harmless when its endpoint was made may lead to this network a minute later, so
//! the address that is looked at is the one that is connected to, and there is no second look-up
//! between the two.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use domain::webhook_endpoint::Reach;
use tokio::sync::Semaphore;
use url::Host;

use super::Failure;
use super::target::Origin;
use crate::config::Config;

/// More addresses of one name are not tried.
const ADDRESSES_MAX: usize = 4;
/// A look-up that hangs keeps its thread even when nobody waits for it any more; the database is
/// read by the same threads, and must always find some.
const LOOK_UPS_MAX: usize = 128;

/// The addresses of a name.
type LookUp = dyn Fn(&str) -> Vec<IpAddr> + Send + Sync;

/// Who says which addresses a name has.
#[derive(Clone, Default)]
pub enum Resolve {
    /// The operating system.
    #[default]
    System,
    /// A table or a function of the operator's own.
    Own(Arc<LookUp>),
}

pub(super) struct Guard {
    reach: Reach,
    resolve: Resolve,
    look_ups: Arc<Semaphore>,
}

impl Guard {
    pub fn new(config: &Config, reach: Reach) -> Guard {
        Guard {
            reach,
            resolve: config.resolve.clone(),
            look_ups: Arc::new(Semaphore::new(LOOK_UPS_MAX)),
        }
    }

    /// The addresses of an origin that may be connected to, and no others.
    pub async fn addresses(&self, origin: &Origin) -> Result<Vec<SocketAddr>, Failure> {
        let found = match &origin.host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => self.look_up(name).await?,
        };
        if found.is_empty() {
            return Err(Failure::NameUnknown);
        }
        let may = |address: &IpAddr| self.may_connect(*address, origin.is_tls);
        let fine: Vec<IpAddr> = found.iter().copied().filter(may).take(ADDRESSES_MAX).collect();
        match (fine.is_empty(), origin.is_tls) {
            (false, _) => Ok(fine.into_iter().map(|ip| SocketAddr::new(ip, origin.port)).collect()),
            (true, false) if found.iter().any(|ip| self.may_connect(*ip, true)) => {
                Err(Failure::PlainHttp)
            }
            (true, _) => Err(Failure::NotPublic),
        }
    }

    async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, Failure> {
        match &self.resolve {
            Resolve::Own(look_up) => Ok(look_up(name)),
            Resolve::System => {
                let Ok(permit) = self.look_ups.clone().acquire_owned().await else {
                    return Err(Failure::NameUnknown);
                };
                let name = name.to_owned();
                let looking = move || {
                    let found = (name.as_str(), 0).to_socket_addrs();
                    drop(permit);
                    found
                };
                let found = tokio::task::spawn_blocking(looking).await;
                let found = found.ok().and_then(Result::ok).ok_or(Failure::NameUnknown)?;
                Ok(found.map(|found| found.ip()).collect())
            }
        }
    }

    /// Plain HTTP stays on this very machine.
    fn may_connect(&self, address: IpAddr, is_tls: bool) -> bool {
        match is_tls {
            true => self.reach.has(address),
            false => self.reach.has_plain(address),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::subnet::Subnet;
    use domain::webhook_endpoint::Loopback;

    use super::super::Target;
    use super::*;

    fn guard(loopback: Loopback, allowed: &[&str], found: &'static [&'static str]) -> Guard {
        let found: Vec<IpAddr> = found.iter().map(|text| text.parse().expect("an IP")).collect();
        let allowed = allowed.iter().map(|net| Subnet::parse(net).expect("a subnet")).collect();
        Guard {
            reach: Reach { loopback, allowed },
            resolve: Resolve::Own(Arc::new(move |_| found.clone())),
            look_ups: Arc::new(Semaphore::new(LOOK_UPS_MAX)),
        }
    }

    async fn check(guard: Guard, url: &str, expected: Result<&[&str], Failure>) {
        let origin = Target::parse(url).expect(url).origin;
        let found = guard.addresses(&origin).await;
        let found = found.map(|found| found.iter().map(SocketAddr::to_string).collect::<Vec<_>>());
        let expected = expected.map(|all| all.iter().map(|one| (*one).to_owned()).collect());
        assert_eq!(found, expected, "{url}");
    }

    #[tokio::test]
    async fn only_what_may_be_reached_is_connected_to() {
        use Loopback::{Closed, Open};
        const MIXED: &[&str] = &["10.0.0.1", "1.1.1.1", "::1", "169.254.169.254"];
        let not_public = Err(Failure::NotPublic);
        check(guard(Closed, &[], MIXED), "https://a.example/", Ok(&["1.1.1.1:443"])).await;
        check(guard(Closed, &[], &["127.0.0.1"]), "https://a.example/", not_public).await;
        check(guard(Closed, &[], &[]), "https://a.example/", Err(Failure::NameUnknown)).await;
        check(guard(Closed, &[], &[]), "https://127.0.0.1/", not_public).await;
        check(guard(Closed, &[], &[]), "https://[::ffff:10.0.0.1]/", not_public).await;
        let plain = Err(Failure::PlainHttp);
        check(guard(Open, &[], &["1.1.1.1"]), "http://a.example/", plain).await;
        check(guard(Open, &[], &["10.0.0.1"]), "http://a.example/", not_public).await;
        let local = guard(Open, &[], &["127.0.0.1"]);
        check(local, "http://a.localhost:81/", Ok(&["127.0.0.1:81"])).await;
        let allowed = guard(Closed, &["10.0.0.0/8"], &["10.9.8.7", "192.168.0.1"]);
        check(allowed, "https://a.example/", Ok(&["10.9.8.7:443"])).await;
    }
}
