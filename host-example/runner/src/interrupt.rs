//! Handles SIGINT and SIGTERM: the first signal ends the input, the second one ends the process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// The signal that arrived, if any.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicI32>);

impl Interrupt {
    /// Calls `stop` on its own thread when SIGINT or SIGTERM arrives for the first time. The second signal ends the
    /// process.
    ///
    /// # Errors
    /// Fails if the signals cannot be caught.
    #[cfg(unix)]
    pub fn catch(stop: impl FnOnce() + Clone + Send + 'static) -> io::Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
        let came = Self::default();
        let kept = came.clone();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                if kept.0.swap(signal, Ordering::Relaxed) != 0 {
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
                // `stop` may block. On its own thread it does not delay the second signal.
                let stop = stop.clone();
                std::thread::spawn(stop);
            }
        })?;
        Ok(came)
    }

    /// Does nothing on this system: a signal ends the process.
    ///
    /// # Errors
    /// Never fails.
    #[cfg(not(unix))]
    pub fn catch(_: impl FnOnce() + Clone + Send + 'static) -> io::Result<Self> {
        Ok(Self::default())
    }

    /// The exit status for a command that was ended by a signal: 128 plus its number. `None` if no signal arrived.
    #[must_use]
    pub fn status(&self) -> Option<u8> {
        let signal = self.0.load(Ordering::Relaxed);
        u8::try_from(signal).ok().filter(|signal| *signal > 0).map(|signal| signal.saturating_add(128))
    }
}
