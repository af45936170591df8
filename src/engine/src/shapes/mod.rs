//! Records with fields of their own: one room for each family of writers.
//!
//! A room is a folder. It holds what its family's records are known by, its decoder and its tests, and exports one
//! constant, [`Room`]. One line in the list below makes the room known: to the envelope, which recognises whose record
//! it has; to [`Telemetry`], [`Provider`] and [`Shape`]; to the needles; to the fuzzers.
//!
//! A mark that gives a family away is no proof: the family's decoder looks closer. A record that also carries the original
//! text of a Linux program is judged by that text alone
//! ([`Envelope::speaks_linux`](crate::envelope::Envelope::speaks_linux)), never by both.

mod fields;
mod room;
pub(crate) mod spelled;
#[cfg(test)]
mod testing;
mod world;

use crate::analytic::Reads;
use crate::json::{Member, MemberSet, Object};
use alloc::vec::Vec;
use fields::{client, delivery, fill, number, read_within, text, time};
pub(crate) use room::WEAK;
pub use room::{Given, Grasp, Proof, Room, Said, Sign, World};
use room::{named, rooms};
use spelled::lower;

rooms! {
    // In the order in which a record is asked for their marks. The columns: constant of `Telemetry`, folder, variant of
    // `Family` and of `Shape`; variant of `Provider` and its name, where the family is a world of its own.

    /// sshd, PAM, su, sudo, login, auditd, in any carrier.
    LINUX linux Linux, Linux = "linux";
    /// OCSF authentication events. Before all others: whoever normalised a record may have kept it within.
    OCSF ocsf Ocsf, Ocsf = "ocsf";
    /// The Security log of Windows.
    WINDOWS windows Windows, Windows = "windows";
    /// Logins at a Mac: the unified log, Jamf. Before Okta: an entry of the unified log has an `eventType` as well.
    MACOS macos Macos, Macos = "macos";
    /// Okta's System Log.
    OKTA okta Okta, Okta = "okta";
    /// Duo's authentication log.
    DUO duo Duo, Duo = "duo";
    /// The unified audit log of Microsoft 365.
    AUDIT audit Audit, M365 = "m365";
    /// Sign-in logs of Entra.
    ENTRA entra Entra, Entra = "entra";
    /// IIS in front of OWA, EWS and ActiveSync.
    IIS iis Iis;
    /// Exchange's IMAP, POP and SMTP protocol logs.
    EXCHANGE exchange Exchange, Exchange = "exchange";
    /// Auth0's tenant log.
    AUTH0 auth0 Auth0, Auth0 = "auth0";
    /// ECS authentication events. Behind all others: an identity provider's record in ECS carries the marks of both.
    ECS ecs Ecs, Ecs = "ecs";
}

/// True if a text is an event as XML.
#[must_use]
pub fn is_xml(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    text.starts_with(b"<Event") || text.starts_with(b"<?xml")
}

impl Telemetry {
    /// ECS and OCSF authentication events.
    pub const NORMALISED: Self = Self::ECS.and(Self::OCSF);
}

impl Family {
    /// Whether its records are normalised events, which are this to everybody: nobody looks for another record in their
    /// text.
    #[must_use]
    pub const fn is_normalised(self) -> bool {
        matches!(self, Self::Ecs | Self::Ocsf)
    }
}
