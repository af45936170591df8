//! Fields of records in a snapshot: writes and reads each type in one way.

use super::{Reader, Result, SnapshotError, Writer};
use crate::alert::{Alert, Evidence, Severity, Tally};
use crate::event::{Access, Outcome, Provider, Shape, Signal, Text};
use crate::net;
use crate::stamp::{Stamp, Yearless};
use crate::time::Timestamp;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

const WRONG: SnapshotError = SnapshotError::Invalid("a field");

/// A type of field that a snapshot can hold.
pub trait Saved: Sized {
    /// The fewest bytes of a value.
    const LEAST: usize = 1;

    /// Writes the value.
    fn save(&self, out: &mut Writer);

    /// Reads a value.
    ///
    /// # Errors
    /// Fails if [`save`](Self::save) did not write these bytes.
    fn load(input: &mut Reader<'_>) -> Result<Self>;

    /// The bytes of heap memory that the value owns, approximately.
    fn beside(&self) -> usize {
        0
    }
}

/// Writes all fields of a record.
#[doc(hidden)]
#[macro_export]
macro_rules! save_fields {
    (($record:expr, $out:expr) $($field:ident)+) => {
        $($crate::snapshot::fields::Saved::save(&$record.$field, $out);)+
    };
}

/// Reads all fields of a record.
#[doc(hidden)]
#[macro_export]
macro_rules! load_fields {
    (($record:ident, $input:expr) $($field:ident)+) => {
        $record { $($field: $crate::snapshot::fields::Saved::load($input)?,)+ }
    };
}

/// The bytes of heap memory that the fields of a record own.
#[doc(hidden)]
#[macro_export]
macro_rules! beside_fields {
    (($record:expr) $($field:ident)+) => {
        0 $(+ $crate::snapshot::fields::Saved::beside(&$record.$field))+
    };
}

impl Saved for u64 {
    fn save(&self, out: &mut Writer) {
        out.varint(*self);
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        input.varint()
    }
}

impl Saved for u32 {
    fn save(&self, out: &mut Writer) {
        out.varint((*self).into());
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Self::try_from(input.varint()?).map_err(|_| WRONG)
    }
}

impl Saved for bool {
    fn save(&self, out: &mut Writer) {
        out.u8((*self).into());
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Ok(input.u8()? != 0)
    }
}

impl Saved for Timestamp {
    const LEAST: usize = 8;

    fn save(&self, out: &mut Writer) {
        out.i64(self.0);
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Ok(Self(input.i64()?))
    }
}

impl Saved for String {
    fn save(&self, out: &mut Writer) {
        out.bytes(self.as_bytes());
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        core::str::from_utf8(input.bytes()?).map(Self::from).map_err(|_| WRONG)
    }

    fn beside(&self) -> usize {
        self.len()
    }
}

impl<F: Saved> Saved for Option<F> {
    fn save(&self, out: &mut Writer) {
        out.u8(self.is_some().into());
        if let Some(field) = self {
            field.save(out);
        }
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Ok(if bool::load(input)? { Some(F::load(input)?) } else { None })
    }

    fn beside(&self) -> usize {
        self.as_ref().map_or(0, F::beside)
    }
}

impl<F: Saved> Saved for Vec<F> {
    fn save(&self, out: &mut Writer) {
        out.count(self.len());
        self.iter().for_each(|field| field.save(out));
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        let mut list = Self::new();
        for _ in 0..input.count(F::LEAST)? {
            list.push(F::load(input)?);
        }
        Ok(list)
    }

    fn beside(&self) -> usize {
        self.iter().map(|field| size_of::<F>() + field.beside()).sum()
    }
}

impl Saved for Tally {
    const LEAST: usize = 2;

    fn save(&self, out: &mut Writer) {
        self.code.save(out);
        self.count.save(out);
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Ok(Self { code: Saved::load(input)?, count: Saved::load(input)? })
    }

    fn beside(&self) -> usize {
        self.code.len()
    }
}

impl Saved for Evidence {
    const LEAST: usize = 2;

    fn save(&self, out: &mut Writer) {
        self.record.save(out);
        self.text.save(out);
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Ok(Self { record: Saved::load(input)?, text: Saved::load(input)? })
    }

    fn beside(&self) -> usize {
        self.text.len()
    }
}

/// Rare and large: one copy of each function is enough.
impl Saved for Alert {
    const LEAST: usize = 50;

    #[cold]
    #[inline(never)]
    fn save(&self, out: &mut Writer) {
        alert_fields!(save_fields, self, out);
    }

    #[cold]
    #[inline(never)]
    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Ok(alert_fields!(load_fields, Self, input))
    }

    #[cold]
    #[inline(never)]
    fn beside(&self) -> usize {
        alert_fields!(beside_fields, self)
    }
}

impl Saved for Text<'_> {
    fn save(&self, out: &mut Writer) {
        out.bytes(self.as_bytes());
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Ok(Cow::Owned(String::load(input)?))
    }

    fn beside(&self) -> usize {
        self.len()
    }
}

impl Saved for IpAddr {
    const LEAST: usize = 16;

    fn save(&self, out: &mut Writer) {
        out.raw(&net::octets(*self));
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Ok(net::from_octets(input.array()?))
    }
}

impl Saved for u128 {
    const LEAST: usize = 16;

    fn save(&self, out: &mut Writer) {
        out.raw(&self.to_le_bytes());
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Ok(Self::from_le_bytes(input.array()?))
    }
}

/// Saves an enum as the place of a value in a list. Such a list may grow at its end only.
macro_rules! places {
    ($($type:ident: $($case:ident),+;)+) => { $(
        impl Saved for $type {
            fn save(&self, out: &mut Writer) {
                // Holds the same list as below. A value that is missing from the list does not compile.
                enum Place { $($case),+ }
                out.u8(match self { $(Self::$case => Place::$case),+ } as u8);
            }

            fn load(input: &mut Reader<'_>) -> Result<Self> {
                let at = usize::from(input.u8()?);
                [$(Self::$case),+].get(at).copied().ok_or(WRONG)
            }
        }
    )+ };
}

places! {
    Severity: Informational, Low, Medium, High, Critical;
    Outcome: Failure, Success, Challenge, Denied, Timeout, Approved, Stopped, Changed;
    Signal: Attempt, Failed, SshdPam, Audit, Pam, PamOther, Weak, Session, AuditLogin, PamMore, PamSss, PamKrb5, PamLdap,
        PamWinbind, Postponed, Repeated;
    Access: Remote, Local;
}

/// Saves an enum by name, since its numbers change with the list of families.
macro_rules! names {
    ($($type:ident),+) => { $(
        impl Saved for $type {
            fn save(&self, out: &mut Writer) {
                out.bytes(self.as_str().as_bytes());
            }

            fn load(input: &mut Reader<'_>) -> Result<Self> {
                core::str::from_utf8(input.bytes()?).ok().and_then(Self::parse).ok_or(WRONG)
            }
        }
    )+ };
}

names!(Shape, Provider);

impl Saved for Stamp {
    const LEAST: usize = 1;

    fn save(&self, out: &mut Writer) {
        match self {
            Self::At(time) => {
                out.u8(0);
                time.save(out);
            }
            Self::Yearless(y) => {
                out.raw(&[1, y.month, y.day, y.hour, y.minute, y.second]);
                y.micros.save(out);
            }
            Self::Local(micros) => {
                out.u8(2);
                out.i64(*micros);
            }
            Self::Unread => out.u8(3),
        }
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        match input.u8()? {
            0 => return Ok(Self::At(Saved::load(input)?)),
            2 => return Ok(Self::Local(input.i64()?)),
            3 => return Ok(Self::Unread),
            _ => {}
        }
        let [month, day, hour, minute, second] = input.array()?;
        let yearless = Yearless { month, day, hour, minute, second, micros: Saved::load(input)? };
        if yearless.is_possible() { Ok(Self::Yearless(yearless)) } else { Err(WRONG) }
    }
}
