//! A detector that starts anew after a failed call.

use crate::analytic::Analytic;
use crate::detector::Detector;
use crate::error::{CallError, StartError};
use std::sync::Arc;

/// A detector that is replaced by a new one after a failed call. Its state is lost then: fit for questions, such as
/// `decode` and `explain`. For alerts there is [`Session`](crate::Session), which keeps the state.
pub struct Restarting {
    analytic: Arc<Analytic>,
    config: String,
    seed: u64,
    detector: Detector,
}

impl Restarting {
    /// Starts an analytic. `config` is a JSON object, empty for the defaults; `seed` should be random.
    ///
    /// # Errors
    /// When the configuration is not valid, or the guest fails.
    pub fn start(analytic: Arc<Analytic>, config: String, seed: u64) -> Result<Self, StartError> {
        let detector = analytic.create(&config, seed)?;
        Ok(Self { analytic, config, seed, detector })
    }

    /// The analytic that runs.
    #[must_use]
    pub fn analytic(&self) -> &Analytic {
        &self.analytic
    }

    /// Asks the detector something.
    ///
    /// # Errors
    /// When the guest fails. The next call asks a new detector.
    pub fn ask<T>(
        &mut self,
        ask: impl FnOnce(&mut Detector) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let answer = ask(&mut self.detector);
        if answer.is_err()
            && let Ok(detector) = self.analytic.create(&self.config, self.seed)
        {
            self.detector = detector;
        }
        answer
    }
}
