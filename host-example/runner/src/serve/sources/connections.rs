//! The connections of a listener. Limits their number, and accepts none once the service ends.
//!
//! Anybody who reaches the address may connect. So one address of another machine gets only a part of the places, and a
//! connection gets a place only after its handshake.

use super::Inlet;
use crate::serve::metrics::Rejected;
use crate::serve::trouble::Trouble;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// The wait after a failed accept.
const PAUSE: Duration = Duration::from_millis(100);
/// One address gets at most one of this many parts of the places. As many handshakes may be under way at once.
const PART: usize = 4;

/// The number of open connections of each address.
type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// The connection limit of a listener.
pub(super) struct Connections {
    places: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    /// The most connections of one address.
    each: usize,
    counts: Counts,
    trouble: Mutex<Trouble>,
}

/// The place of an open connection. Dropping it makes the place free.
pub(super) struct Place {
    permit: OwnedSemaphorePermit,
    address: Option<IpAddr>,
    counts: Counts,
}

impl Place {
    /// The address of the client, if it has one.
    pub(super) const fn address(&self) -> Option<IpAddr> {
        self.address
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(address) = self.address.and_then(counted) else { return };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&address);
            }
        }
    }
}

/// The address under which connections are counted. `None` for this machine, because its proxies carry the connections
/// of others. An IPv6 client has a whole network of 64 bits.
fn counted(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V6(address) => Some(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()),
        address => Some(address),
    }
}

impl Connections {
    /// Creates a limit of `most` open connections.
    pub(super) fn new(most: usize) -> Self {
        let part = most.div_ceil(PART);
        Self {
            places: Arc::new(Semaphore::new(most)),
            handshakes: Arc::new(Semaphore::new(part)),
            each: part,
            counts: Counts::default(),
            trouble: Mutex::default(),
        }
    }

    /// Waits for the next connection. Also returns its place. With `shakes` a handshake follows, and [`Self::admit`]
    /// after it. Returns `None` once the service ends. A connection above a limit is counted and passed to `refuse`.
    pub(super) async fn next<S, F>(
        &self,
        inlet: &Inlet,
        shakes: bool,
        accept: impl Fn() -> F,
        refuse: impl Fn(S),
    ) -> Option<(S, Place)>
    where
        F: Future<Output = io::Result<(S, Option<IpAddr>)>>,
    {
        loop {
            let accepted = tokio::select! {
                accepted = accept() => accepted,
                () = inlet.ended() => return None,
            };
            match accepted {
                Ok((stream, address)) => match self.place(address, shakes) {
                    Some(place) => return Some((stream, place)),
                    None => {
                        inlet.counters.rejected(&inlet.name, Rejected::Full);
                        refuse(stream);
                    }
                },
                // Most likely too many files are open. The accept is retried after a pause.
                Err(error) => {
                    self.tell(|| format!("{}: a connection cannot be accepted: {error}", inlet.name));
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn place(&self, address: Option<IpAddr>, shakes: bool) -> Option<Place> {
        let pool = if shakes { &self.handshakes } else { &self.places };
        let permit = Arc::clone(pool).try_acquire_owned().ok()?;
        if let Some(address) = address.and_then(counted) {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(address).or_default();
            if *count >= self.each {
                return None;
            }
            *count += 1;
        }
        Some(Place { permit, address, counts: Arc::clone(&self.counts) })
    }

    /// Gives a place to a connection whose handshake has ended. Returns false if all are taken.
    pub(super) fn admit(&self, place: &mut Place) -> bool {
        let permit = Arc::clone(&self.places).try_acquire_owned();
        permit.map(|permit| place.permit = permit).is_ok()
    }

    /// Logs something about a client, now and then: anybody may connect and fail very often.
    pub(super) fn tell(&self, text: impl FnOnce() -> String) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).tell(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections: &Connections, address: &str, count: usize) -> Vec<Place> {
        let address = address.parse().ok();
        (0..count).filter_map(|_| connections.place(address, false)).collect()
    }

    #[test]
    fn one_address_gets_a_part_of_the_places() {
        let connections = Connections::new(8);
        let held = places(&connections, "192.0.2.1", 8);
        assert_eq!(held.len(), 2);
        assert_eq!(places(&connections, "::ffff:192.0.2.1", 1).len(), 0, "it is the same address");
        let others = places(&connections, "2001:db8::1", 8);
        assert_eq!((others.len(), places(&connections, "2001:db8::2", 1).len()), (2, 0), "one network");
        // A proxy of this machine carries the connections of others.
        assert_eq!(places(&connections, "127.0.0.1", 8).len(), 4);
        assert_eq!(places(&connections, "", 8).len(), 4);
        drop(held);
        assert_eq!(places(&connections, "192.0.2.1", 8).len(), 2);
        drop(others);
        assert!(connections.counts.lock().unwrap().is_empty());
    }

    #[test]
    fn handshakes_take_no_places() {
        let connections = Connections::new(8);
        let shaking: Vec<Option<Place>> = (0..4).map(|_| connections.place(None, true)).collect();
        let mut shaking: Vec<Place> = shaking.into_iter().flatten().collect();
        assert_eq!(shaking.len(), 2);
        let held = places(&connections, "", 8);
        assert_eq!((held.len(), connections.admit(&mut shaking[0])), (8, false));
        drop(held);
        assert!(connections.admit(&mut shaking[0]));
        assert_eq!((places(&connections, "", 8).len(), connections.place(None, true).is_some()), (7, true));
    }
}
