//! `user`

use phpipam_client::Client;

use super::{Done, Recording, Routed, Sort, call, many, one};

pub(super) fn route<'a>(client: &'a Client, recording: &'a Recording, method: &str, rest: &[&str]) -> Routed<'a> {
    let user = client.user();
    match (method, rest) {
        ("POST", []) => {
            let (name, password) = recording.basic()?;
            call!(Other, user.login(&name, &password.into()).await.map(one))
        }
        ("GET", []) => call!(Other, user.token().await.map(one)),
        ("PATCH", []) => call!(Other, user.refresh().await.map(one)),
        ("DELETE", []) => call!(Other, user.logout_everywhere().await.map(|()| Done::default())),
        ("GET", ["all"]) => call!(List, user.list().await.map(many)),
        ("GET", ["admins"]) => call!(List, user.list_admins().await.map(many)),
        _ => None,
    }
}
