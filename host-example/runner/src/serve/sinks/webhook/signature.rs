//! Signs a request according to [Standard Webhooks]. Libraries in many languages can check this signature.
//!
//! A request has three headers:
//!
//! - `webhook-id`: the id of the alert. All retries have the same id, so a receiver can drop repetitions. For a request
//!   of several alerts it is the digest of their ids.
//! - `webhook-timestamp`: the time of this attempt, in seconds since 1970.
//! - `webhook-signature`: `v1,` and the base64 of the HMAC-SHA256 over `ID.TIMESTAMP.BODY`, where `BODY` is the sent
//!   bytes.
//!
//! A receiver computes the same over the received bytes, compares in constant time, and refuses timestamps that differ
//! by more than 5 minutes. In Python:
//!
//! ```python
//! key = base64.b64decode(secret.removeprefix("whsec_"))
//! signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
//! wanted = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
//! valid = hmac.compare_digest(wanted, headers["webhook-signature"]) \
//!     and abs(time.time() - int(headers["webhook-timestamp"])) < 300
//! ```
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

use crate::serve::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// The prefix of a secret.
const PREFIX: &str = "whsec_";

/// A key that the receiver shares.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// Hides the key.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Parses a secret: `whsec_` and the base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// Fails for any other text. The error does not show the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = text.strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok());
        bytes.filter(|bytes| (24..=64).contains(&bytes.len())).map(Self).ok_or_else(|| {
            let example = "`echo whsec_$(openssl rand -base64 32)` makes one";
            format!("is no secret; expected whsec_ and 24 to 64 bytes in base64: {example}")
        })
    }

    /// The headers that sign a body. `second` is the present time.
    #[must_use]
    pub fn sign(&self, id: &str, second: i64, body: &[u8]) -> [(&'static str, String); 3] {
        let mut signature = String::from("v1,");
        // HMAC accepts a key of any length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) {
            mac.update(format!("{id}.{second}.").as_bytes());
            mac.update(body);
            signature += &STANDARD.encode(mac.finalize().into_bytes());
        }
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", second.to_string()),
            ("webhook-signature", signature),
        ]
    }
}

/// The id of a request with these alerts.
pub(super) fn id<'i>(mut ids: impl Iterator<Item = &'i str> + Clone) -> String {
    let all = ids.clone();
    match (ids.next(), ids.next()) {
        (Some(only), None) => only.to_owned(),
        _ => {
            let parts: Vec<&[u8]> = all.map(str::as_bytes).collect();
            format!("{:032x}", digest(&parts).as_u128())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn it_signs_as_the_standard_says() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed[2].1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!((signed[0].0, signed[1].1.as_str()), ("webhook-id", "1614265330"));
    }

    #[test]
    fn a_secret_has_a_form_and_is_not_shown() {
        for bad in ["", "secret", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(Secret::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(format!("{:?}", Secret(vec![1; 24])), "Secret");
    }

    #[test]
    fn one_alert_gives_its_own_id() {
        assert_eq!(id(["ab"].into_iter()), "ab");
        assert_eq!(id(["a", "b"].into_iter()).len(), 32);
    }
}
