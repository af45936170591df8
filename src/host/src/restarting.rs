//! A detector that is replaced after a failed call.

use crate::analytic::Analytic;
use crate::detector::Detector;
use crate::error::{CallError, StartError};
use crate::session::alone;
use std::sync::Arc;

/// A detector that is replaced by a new one after a failed call. It then loses its state, so use it for questions
/// such as `decode` and `explain`. For alerts, use [`Session`](crate::Session), which keeps the state.
pub struct Restarting {
    analytic: Arc<Analytic>,
    name: Box<str>,
    config: String,
    seed: u64,
    detector: Detector,
}

impl Restarting {
    /// Starts an analytic. `config` is a JSON object, or empty for the defaults; `seed` should be random.
    ///
    /// # Errors
    /// Fails if the configuration is invalid or the guest fails.
    pub fn start(analytic: Arc<Analytic>, config: String, seed: u64) -> Result<Self, StartError> {
        let detector = analytic.create(&config, seed)?;
        let name = analytic.name().into();
        Ok(Self { analytic, name, config, seed, detector })
    }

    /// The analytic that runs.
    #[must_use]
    pub fn analytic(&self) -> &Analytic {
        &self.analytic
    }

    /// The name for people: that of the component, or the id of one analytic of a suite.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts each analytic of a suite in a detector of its own, with empty state. Returns an empty list if there is
    /// only one analytic.
    ///
    /// # Errors
    /// Fails if one of them does not start.
    pub fn apart(&mut self) -> Result<Vec<Self>, StartError> {
        let ids: Vec<String> = self.detector.stats()?.into_iter().map(|stats| stats.analytic).collect();
        let of = |id: &String| {
            let part = Self::start(Arc::clone(&self.analytic), alone(&self.config, id), self.seed)?;
            Ok(Self { name: id.as_str().into(), ..part })
        };
        if ids.len() < 2 { Ok(Vec::new()) } else { ids.iter().map(of).collect() }
    }

    /// Calls the detector.
    ///
    /// # Errors
    /// Fails if the guest fails. The next call uses a new detector.
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
