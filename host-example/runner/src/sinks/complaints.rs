//! The sink of `doctor`: writes which inputs cannot be read to standard error. `doctor` counts everything else.

use super::{News, Sink};
use crate::output::complain;
use crate::output::paint::When;
use crate::sources::Loss;
use authsieve_host::Origins;
use std::io;

/// Reports inputs that cannot be read.
#[derive(Clone, Copy, Debug)]
pub struct Complaints {
    /// When to use colour.
    pub color: When,
}

impl Sink for Complaints {
    fn take(&mut self, news: News, origins: &Origins) -> io::Result<()> {
        if matches!(news, News::Loss { loss: Loss::Unreadable(_), .. })
            && let Some(text) = news.complaint(origins)
        {
            complain(self.color, &text);
        }
        Ok(())
    }
}
