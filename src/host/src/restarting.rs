//! A detector that starts anew after a failed call.

use crate::analytic::Analytic;
use crate::detector::Detector;
use crate::error::{CallError, StartError};
use crate::session::alone;
use std::sync::Arc;

/// A detector that is replaced by a new one after a failed call. Its state is lost then: fit for questions, such as
/// `decode` and `explain`. For alerts there is [`Session`](crate::Session), which keeps the state.
pub struct Restarting {
    analytic: Arc<Analytic>,
    name: Box<str>,
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
        let name = analytic.name().into();
        Ok(Self { analytic, name, config, seed, detector })
    }

    /// The analytic that runs.
    #[must_use]
    pub fn analytic(&self) -> &Analytic {
        &self.analytic
    }

    /// Its name for people: that of the component, or the id of the analytic that was taken apart from others.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The analytics of a suite, each with a detector of its own. Empty where there is one analytic alone.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn apart(&mut self) -> Result<Vec<Self>, StartError> {
        let ids: Vec<String> = self.detector.stats()?.into_iter().map(|stats| stats.analytic).collect();
        let of = |id: &String| {
            let part = Self::start(Arc::clone(&self.analytic), alone(&self.config, id), self.seed)?;
            Ok(Self { name: id.as_str().into(), ..part })
        };
        if ids.len() < 2 { Ok(Vec::new()) } else { ids.iter().map(of).collect() }
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
