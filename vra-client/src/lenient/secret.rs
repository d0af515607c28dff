//! Secret members, such as a password or a private key. Writing one as JSON does not hide it: that is how it reaches
//! the server.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::wire::{Decoded, IntoJson, Wire};

impl Wire for SecretString {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        Decoded::or_null(Option::<String>::deserialize(deserializer)?.map(Self::from))
    }

    fn to_json(&self) -> Value {
        // The one place where a secret of a model or body leaves its wrapper.
        Value::from(self.expose_secret())
    }
}

impl IntoJson for SecretString {
    fn into_json(self) -> Value {
        self.to_json()
    }
}
