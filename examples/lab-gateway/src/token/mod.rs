//! Tokens of users: JSON Web Tokens that the main server signs.
//!
//! The algorithm is the one of the settings, or of the main server; a token cannot choose. A token has to be signed, in time
//! (10 s are tolerated), of the right issuer, of version 2, and used from the address that it was given to.

mod checker;
mod error;
mod key;
mod ring_provider;

pub use checker::{TokenChecker, User};
pub use error::{KeyError, TokenError};
pub use key::Tokens;
pub(crate) use key::{check, checker};
