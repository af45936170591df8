//! SIGINT and SIGTERM: the first ends the input, a second the process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// The signal that came, if one did.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicI32>);

impl Interrupt {
    /// Calls `stop`, on a thread of its own, when SIGINT or SIGTERM comes for the first time. A second one ends the process.
    ///
    /// # Errors
    /// Where the signals cannot be caught.
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
                // It may wait for the loop, and the second signal is not to wait for that.
                let stop = stop.clone();
                std::thread::spawn(stop);
            }
        })?;
        Ok(came)
    }

    /// Nothing is caught here: a signal ends the process.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn catch(_: impl FnOnce() + Clone + Send + 'static) -> io::Result<Self> {
        Ok(Self::default())
    }

    /// The exit status of a command that a signal ended: 128 and its number. `None` where none came.
    #[must_use]
    pub fn status(&self) -> Option<u8> {
        let signal = self.0.load(Ordering::Relaxed);
        u8::try_from(signal).ok().filter(|signal| *signal > 0).map(|signal| signal.saturating_add(128))
    }
}
