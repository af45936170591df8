//! The sink for webhooks: sends HTTP requests from a template, for Slack, Teams, PagerDuty, and other receivers of
//! JSON.
//!
//! With a secret each request is signed ([`signature`]). [`template`] lists what a template can use.

pub mod signature;
pub mod template;

use super::Batch;
use super::failure::Failure;
use super::fields::Fields;
use super::http;
use crate::serve::net::Access;
use hyper::header::{HeaderMap, HeaderValue};
use serde_json::Value;
use signature::Secret;
use std::collections::BTreeMap;
use std::fmt;
use template::Template;

/// The options of the sink.
#[derive(Clone, PartialEq)]
pub struct Options {
    /// The receiver.
    pub http: http::Options,
    /// The template for the body of a request.
    pub template: Template,
    /// Values for the template. They may be secret.
    pub vars: BTreeMap<String, String>,
    /// The most alerts in one request.
    pub batch: usize,
    /// The key that signs the requests.
    pub secret: Option<Secret>,
}

/// Hides the values, because they may be secret.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("template", &self.template)
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

/// Sends requests to a webhook.
pub(super) struct Webhook {
    http: http::Http,
    options: Options,
}

impl Webhook {
    pub(super) fn new(options: &Options, access: &Access) -> Self {
        Self { http: http::Http::new(&options.http, access), options: options.clone() }
    }

    pub(super) const fn together(&self) -> usize {
        self.options.batch
    }

    pub(super) async fn deliver(&self, batch: &Batch<'_>) -> Result<(), Failure> {
        let Options { template, vars, secret, .. } = &self.options;
        let alerts = batch.items.iter().map(|item| Value::Object(Fields::of(item).into_inner())).collect();
        // If the template fails for an alert, it always fails for it.
        let body = template.render(alerts, vars).map_err(Failure::Never)?.into_bytes();
        let mut headers = HeaderMap::new();
        if let Some(secret) = secret {
            let ids = batch.items.iter().map(|item| item.id.as_str());
            for (name, value) in secret.sign(&signature::id(ids), crate::sources::now() / 1_000_000, &body) {
                headers.insert(name, HeaderValue::from_str(&value).map_err(Failure::later)?);
            }
        }
        self.http.send("application/json", headers, body).await.map(drop)
    }
}
