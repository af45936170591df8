//! When an event happened, by what it was read from.

use crate::envelope::Envelope;
use crate::json::Object;
use crate::stamp::{Stamp, Zone};
use crate::times::{Times, When};

/// The source that an event was read from, with all that it says of the time.
#[derive(Clone, Copy)]
pub(super) enum Source<'a, 's> {
    /// A line, its header aside.
    Line,
    /// A text in a record: all other times are those of carriers.
    Text(&'s Object<'a>),
    /// The fields of a record, which have said this.
    Fields(Option<Stamp>, &'s Object<'a>),
}

impl<'a> Source<'a, '_> {
    /// When the event happened. `own` is what itself and its header say.
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

    /// The same for what leaves something open: what else is there may tell more.
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
            // The fields around a text say when somebody got it.
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
