//! Decides when an event happened, depending on where it was found.

use crate::envelope::Envelope;
use crate::json::Object;
use crate::stamp::{Stamp, Zone};
use crate::times::{Times, When};

/// Where an event was found, with everything there that says its time.
#[derive(Clone, Copy)]
pub(super) enum Source<'a, 's> {
    /// A line, after its header.
    Line,
    /// A text in a record. All other times in the record are those of carriers.
    Text(&'s Object<'a>),
    /// The fields of a record, which gave this time.
    Fields(Option<Stamp>, &'s Object<'a>),
}

impl<'a> Source<'a, '_> {
    /// The time of the event. `own` is the time of the event and its header.
    pub(super) fn when(self, own: Option<Stamp>, envelope: &Envelope<'_>, zone: Zone<'_>) -> When<'a> {
        let (own, object) = match self {
            Self::Line => (own, None),
            Self::Text(object) => (own.or(envelope.time), Some(object)),
            Self::Fields(said, object) => (own.or(said), Some(object)),
        };
        if let Some(Stamp::At(time)) = own {
            return When::at(time);
        }
        self.search(own, object, envelope, zone)
    }

    /// The time, if `own` leaves something open: other fields may say more.
    #[cold]
    fn search(
        self,
        own: Option<Stamp>,
        object: Option<&Object<'a>>,
        envelope: &Envelope<'_>,
        zone: Zone<'_>,
    ) -> When<'a> {
        let is_open = |stamp: &Stamp| matches!(stamp, Stamp::Local(_) | Stamp::Yearless(_));
        let open = own.filter(is_open);
        let carried = envelope.time.and_then(Stamp::point).or(envelope.receipt);
        if let (Self::Text(_), Some(_), Some(_)) = (self, open, carried) {
            return When { stamp: open, receipt: carried, unread: &[] };
        }
        let times = object.map(|object| Times::of(object, zone)).unwrap_or_default();
        let received = times.receipt.and_then(Stamp::point).or(carried);
        match (self, times.zoned, open) {
            // The other fields of a record with a text say when a carrier received it.
            (Self::Text(_), zoned, Some(stamp)) => {
                return When { stamp: Some(stamp), receipt: zoned.or(received), unread: &[] };
            }
            (_, Some(time), _) => return When::at(time),
            _ => {}
        }
        if let Some(stamp) = open.or(times.open).or(envelope.time.filter(is_open)) {
            return When { stamp: Some(stamp), receipt: received, unread: &[] };
        }
        let unread = times.unread.unwrap_or_default();
        let stamp = match received.map(Stamp::At).or(times.receipt) {
            Some(stamp) => Some(stamp),
            None if own.is_some() || envelope.time.is_some() || times.unread.is_some() => Some(Stamp::Unread),
            None => None,
        };
        When { stamp, receipt: None, unread }
    }
}
