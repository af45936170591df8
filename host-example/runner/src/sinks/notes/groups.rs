//! Filters notes and groups them by key.

use crate::output::escape;
use authsieve_engine::net;
use authsieve_host::Origin;
use authsieve_host::contract::{Note, Step};
use clap::Args;
use std::collections::HashMap;
use std::net::IpAddr;

/// The most notes that are held to be shown by key. More are only counted.
pub(super) const MOST_NOTES: usize = 50_000;

/// A filter for notes. All given conditions must hold.
#[derive(Clone, Debug, Default, Args)]
pub struct Filter {
    /// Only events of this user, in upper or lower case.
    #[arg(long, value_name = "USER")]
    pub(super) user: Option<String>,
    /// Only events from this address.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) ip: Option<IpAddr>,
    /// Only keys that contain this text, in upper or lower case, such as `user+ip root` or `family admin`.
    #[arg(long, value_name = "TEXT")]
    pub(super) key: Option<String>,
    /// Only keys that came near an alert but raised none: at 80 % of a threshold, or past it but too late.
    #[arg(long)]
    pub(super) near: bool,
}

pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    net::parse_address(text).ok_or_else(|| format!("`{}` is no address", escape::text(text)))
}

impl Filter {
    /// Sets a condition by its name.
    ///
    /// # Errors
    /// Fails for an unknown name, and for a value that is not an address.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "user" => self.user = Some(value.into()),
            "ip" => self.ip = Some(address(value)?),
            "key" => self.key = Some(value.into()),
            _ => return Err(format!("`{}` is no condition; expected user, ip and key", escape::text(name))),
        }
        Ok(())
    }

    /// The given conditions on single notes, with their names.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("user", self.user.clone()),
            ("ip", self.ip.map(|ip| ip.to_string())),
            ("key", self.key.clone()),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// True if the note passes all conditions.
    #[must_use]
    pub fn passes(&self, note: &Note) -> bool {
        let same_user =
            |user: &String| note.user.as_ref().is_some_and(|own| own.to_lowercase() == user.to_lowercase());
        let same_ip =
            |ip: &IpAddr| note.src_ip.as_deref().and_then(net::parse_address).is_some_and(|own| own == *ip);
        let in_key = |key: &String| note.key.to_lowercase().contains(&key.to_lowercase());
        self.user.as_ref().is_none_or(same_user)
            && self.ip.as_ref().is_none_or(same_ip)
            && self.key.as_ref().is_none_or(in_key)
    }
}

/// True if the note shows that its key came near an alert.
pub(super) fn is_near(note: &Note) -> bool {
    let short = |count: u32, needed: u32| count < needed && u64::from(count) * 5 >= u64::from(needed) * 4;
    matches!(note.step, Step::TooLate)
        || note.count.zip(note.needed).is_some_and(|(count, needed)| short(count, needed))
}

/// A note and the place of its record.
pub(super) struct Placed {
    pub(super) origin: Option<Origin>,
    pub(super) note: Note,
}

/// The notes on one key of one analytic.
pub(super) struct Group {
    pub(super) analytic: String,
    pub(super) key: String,
    pub(super) notes: Vec<Placed>,
    pub(super) near: bool,
    pub(super) alerted: bool,
}

/// The notes by key, up to a limit.
#[derive(Default)]
pub(super) struct Groups {
    list: Vec<Group>,
    index: HashMap<(String, String), usize>,
    pub(super) held: usize,
    pub(super) left_out: u64,
    only_near: bool,
}

impl Groups {
    /// Creates an empty list. With `only_near`, it shows only keys that came near an alert and raised none.
    pub(super) fn new(only_near: bool) -> Self {
        Self { only_near, ..Self::default() }
    }

    pub(super) fn add(&mut self, placed: Placed) {
        if self.held >= MOST_NOTES && self.only_near {
            self.forget_far();
        }
        let key = (placed.note.analytic.clone(), placed.note.key.clone());
        let full = self.held >= MOST_NOTES;
        let at = match self.index.get(&key) {
            Some(at) => *at,
            None if full => {
                self.left_out += 1;
                return;
            }
            None => {
                let at = self.list.len();
                self.list.push(Group {
                    analytic: key.0.clone(),
                    key: key.1.clone(),
                    notes: Vec::new(),
                    near: false,
                    alerted: false,
                });
                self.index.insert(key, at);
                at
            }
        };
        let Some(group) = self.list.get_mut(at) else { return };
        group.near |= is_near(&placed.note);
        group.alerted |= matches!(placed.note.step, Step::Alert);
        if full {
            self.left_out += 1;
        } else {
            group.notes.push(placed);
            self.held += 1;
        }
    }

    /// Makes room by dropping the keys that are not near an alert. A dropped key may return with later notes.
    fn forget_far(&mut self) {
        self.list.retain(|group| group.near && !group.alerted);
        self.held = self.list.iter().map(|group| group.notes.len()).sum();
        self.index = self
            .list
            .iter()
            .enumerate()
            .map(|(at, group)| ((group.analytic.clone(), group.key.clone()), at))
            .collect();
    }

    pub(super) fn shown(&self) -> impl Iterator<Item = &Group> {
        let only_near = self.only_near;
        // Events that count for no key come last.
        let wanted = move |group: &&Group| !only_near || group.near && !group.alerted;
        let keyed = self.list.iter().filter(|group| !group.key.is_empty()).filter(wanted);
        keyed.chain(self.list.iter().filter(|group| group.key.is_empty()).filter(wanted))
    }
}
