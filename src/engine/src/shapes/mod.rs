//! The families of writers, one room (folder) each, for records with fields of their own.
//!
//! A room holds the marks of its family's records, the decoder and the tests. It exports one constant, [`Room`]. One
//! line in the list below makes the room known to the envelope, which finds the family of a record. The same line
//! adds it to [`Telemetry`], [`Provider`] and [`Shape`], to the needles and to the fuzzers.
//!
//! A mark suggests a family, but is no proof: the family's decoder looks closer. If a record also carries the
//! original text of a Linux program, only that text is judged
//! ([`Envelope::speaks_linux`](crate::envelope::Envelope::speaks_linux)), never both.

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
    // The families, in the order in which a record is checked for their marks. Columns: constant of `Telemetry`,
    // folder, variant of `Family` and of `Shape`. Then variant of `Provider` and its name, if the family is a
    // provider of its own.

    /// sshd, PAM, su, sudo, login, auditd, in any carrier.
    LINUX linux Linux, Linux = "linux";
    /// OCSF authentication events. First, because the writer of a normalised event may keep the original record in
    /// it.
    OCSF ocsf Ocsf, Ocsf = "ocsf";
    /// The Security log of Windows.
    WINDOWS windows Windows, Windows = "windows";
    /// Logins at a Mac: the unified log, Jamf. Before Okta, because entries of the unified log have an `eventType`
    /// too.
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
    /// ECS authentication events. Last, because an identity provider's record in ECS has the marks of both.
    ECS ecs Ecs, Ecs = "ecs";
}

/// True if a text is a Windows event in XML.
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
    /// True if the records are normalised events. No analytic searches the text of such a record for another record.
    #[must_use]
    pub const fn is_normalised(self) -> bool {
        matches!(self, Self::Ecs | Self::Ocsf)
    }
}
