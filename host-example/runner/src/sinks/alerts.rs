//! The sink of `run` and the demonstration: writes alerts to standard output and everything else to standard error.

use super::first::{First, Gathered};
use super::{News, Sink};
use crate::output::located::Located;
use crate::output::paint::When;
use crate::output::{self, Format, complain};
use crate::sources::Progress;
use authsieve_host::Origins;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::time::{Duration, Instant};

/// The progress bar appears after this time.
const PATIENCE: Duration = Duration::from_secs(1);

/// Writes alerts to standard output and everything else to standard error.
pub struct Alerts {
    out: BufWriter<StdoutLock<'static>>,
    format: Format,
    color: When,
    bar: Bar,
    troubles: Gathered,
}

impl Alerts {
    /// Writes alerts in `format`. With `progress`, a progress bar is shown on a terminal.
    #[must_use]
    pub fn new(format: Format, color: When, progress: Option<Progress>) -> Self {
        Self {
            out: BufWriter::with_capacity(64 << 10, io::stdout().lock()),
            format,
            color,
            bar: Bar::new(progress.filter(|_| io::stderr().is_terminal())),
            troubles: Gathered::default(),
        }
    }

    /// Ends the output. Returns the first record of each kind of trouble, ordered by kind.
    #[must_use]
    pub fn finish(mut self) -> Vec<First> {
        std::mem::take(&mut self.troubles).first()
    }
}

impl Sink for Alerts {
    fn take(&mut self, news: News, origins: &Origins) -> io::Result<()> {
        let Self { out, format, color, bar, troubles } = self;
        if let Some(text) = news.complaint(origins) {
            bar.aside(|| complain(*color, &text));
        }
        match news {
            News::Alert(alert) => bar.aside(|| output::write(out, &Located::new(&alert, origins), *format)),
            News::Problem(problem) => {
                troubles.take(problem, origins);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // Alerts of a stream must not wait in a buffer.
        self.bar.aside(|| self.out.flush())?;
        self.bar.advance();
        Ok(())
    }
}

impl Drop for Alerts {
    fn drop(&mut self) {
        self.bar.clear();
    }
}

/// A progress bar on standard error. It appears only if the size of the inputs is known and reading takes a while.
struct Bar {
    progress: Option<(Progress, u64)>,
    started: Instant,
    shown: Option<ProgressBar>,
}

impl Bar {
    fn new(progress: Option<Progress>) -> Self {
        let progress = progress.and_then(|progress| progress.size().map(|size| (progress, size)));
        Self { progress, started: Instant::now(), shown: None }
    }

    fn advance(&mut self) {
        let Some((progress, size)) = &self.progress else { return };
        if self.shown.is_none() && self.started.elapsed() > PATIENCE {
            let bar = ProgressBar::with_draw_target(Some(*size), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(
                "{bar:30} {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left",
            );
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.shown = Some(bar.with_elapsed(self.started.elapsed()));
        }
        if let Some(bar) = &self.shown {
            bar.set_position(progress.read().min(*size));
        }
    }

    /// Hides the bar while `write` may write to the terminal.
    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.shown {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}
