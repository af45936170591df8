//! Reads the text in a record: the message of its program, after a header or the prefix of a tool.

use super::{Reading, Source};
use crate::analytic::Reads;
use crate::carriers::prefix;
use crate::envelope::{Envelope, Trust, in_container, is_forwarder};
use crate::event::{Event, Provider, Signal, text};
use crate::json::Object;
use crate::readers::Readers;
use crate::shapes::linux::{self, header};
use crate::stamp::Stamp;

impl<R: Reads> Reading<'_, R> {
    /// Reads the text of an envelope. Returns true if it gave an event or repeats one.
    pub(super) fn text(
        &mut self,
        envelope: &Envelope<'_>,
        object: &Object<'_>,
        readers: Readers,
        part: &[u8],
    ) -> bool {
        *self.decodes += 1;
        if let Some(repeat) = header::repeated(envelope.text, self.zone)
            && envelope.may_repeat(&repeat)
        {
            self.repeated(&repeat, Source::Text(object), envelope, readers, part);
            return true;
        }
        let header = header::parse(envelope.text, self.zone)
            .filter(|header| envelope.yields_to(header.program, header.stamp.is_some()));
        let (program, message) = match &header {
            Some(header) => (header.program, header.message),
            // In a container's output sshd names neither itself nor the time. The carrier gives the time.
            None if envelope.stream && matches!(&*envelope.program, "" | "sshd") => {
                let dropbear = linux::is_of_dropbear(envelope.text);
                (if dropbear { &b"dropbear"[..] } else { b"sshd" }, envelope.text)
            }
            None => (envelope.program.as_bytes(), envelope.text),
        };
        let event = match linux::decode(program, message) {
            None if header.is_none() && program.is_empty() => linux::audit::decode(message),
            event => event,
        };
        if let Some(event) = event {
            self.finish(event, header.as_ref(), Source::Text(object), envelope, readers, part);
            return true;
        }
        // A label may be wrong, and a container's output may begin with anything.
        let is_named = header.is_some() || envelope.trust >= Trust::Named;
        if is_named && linux::knows(program, message) || envelope.is_of_another() {
            self.knows(readers);
        }
        self.prefixed_text(envelope, object, readers, part)
    }

    /// Reads a line that means a repetition of the previous line.
    pub(super) fn repeated<'e>(
        &mut self,
        repeat: &header::Repeated<'e>,
        source: Source<'e, '_>,
        envelope: &'e Envelope<'_>,
        readers: Readers,
        part: &'e [u8],
    ) {
        let event = Event {
            provider: Provider::Linux,
            signal: Signal::Repeated,
            count: repeat.times,
            ..Event::default()
        };
        let header = header::Header { stamp: repeat.stamp, host: repeat.host, ..header::Header::EMPTY };
        self.finish(event, Some(&header), source, envelope, readers, part);
    }

    /// Reads the text of an envelope after the prefix of a tool. If the carrier names a program, that program wrote the
    /// whole text.
    fn prefixed_text(
        &mut self,
        envelope: &Envelope<'_>,
        object: &Object<'_>,
        readers: Readers,
        part: &[u8],
    ) -> bool {
        let open = envelope.trust < Trust::Named || is_forwarder(envelope.program.as_bytes());
        let Some(left) = self.left.checked_sub(1).filter(|_| open) else { return false };
        let Some(found) = prefix::strip(envelope.text, self.zone) else { return false };
        let program = match found.container.is_empty() {
            true if envelope.trust == Trust::Labelled => envelope.program.clone(),
            _ => in_container(text(found.container)),
        };
        // The time of a carrier gives the zone and the year of the program's own time.
        let (time, receipt) = match (found.stamp, envelope.time) {
            (Some(Stamp::Local(_) | Stamp::Yearless(_)), Some(Stamp::At(outer))) => {
                (found.stamp, Some(outer))
            }
            (stamp, outer) => (stamp.or(outer), envelope.receipt),
        };
        let inner = Envelope {
            text: found.rest,
            trust: if program.is_empty() { Trust::Unnamed } else { Trust::Labelled },
            program,
            host: if found.host.is_empty() { envelope.host.clone() } else { text(found.host) },
            time,
            receipt,
            stream: envelope.stream || found.stream,
            ..envelope.clone()
        };
        let before = core::mem::replace(&mut self.left, left);
        let said = self.text(&inner, object, readers, part);
        self.left = before;
        said
    }
}
