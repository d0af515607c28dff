//! `nat` and `tools/nat`

use phpipam_client::Client;
use phpipam_client::models::{NatFields, NatType};

use super::{Done, Recording, Routed, Sort, call, created, fields, many, number, one};

pub(super) fn route<'a>(client: &'a Client, recording: &'a Recording, method: &str, rest: &[&'a str]) -> Routed<'a> {
    let nat = client.nat();
    match (method, rest) {
        ("GET", []) => call!(List, nat.list().await.map(many)),
        ("GET", [id]) => {
            let id = number(id)?.into();
            call!(Other, nat.get(id).await.map(one))
        }
        ("POST", []) => {
            let (name, kind, body) = to_create(recording)?;
            call!(Other, nat.create(&name, kind, &body?).await.map(|row| created(row.id.get())))
        }
        ("PATCH", [id]) => {
            let id = number(id)?.into();
            let body = NatFields::from_json(&fields(recording)?);
            call!(Other, nat.update(id, &body?).await.map(|()| Done::default()))
        }
        ("DELETE", [id]) => {
            let id = number(id)?.into();
            call!(Other, nat.delete(id).await.map(|()| Done::default()))
        }
        _ => None,
    }
}

pub(super) fn tools<'a>(client: &'a Client, recording: &'a Recording, method: &str, rest: &[&'a str]) -> Routed<'a> {
    let nat = client.tools().nat();
    match (method, rest) {
        ("GET", [_]) => call!(List, nat.list().await.map(many)),
        ("GET", [_, id]) => {
            let id = number(id)?.into();
            call!(Other, nat.get(id).await.map(one))
        }
        ("GET", [_, id, "objects_full"]) => {
            let id = number(id)?.into();
            call!(Other, nat.get_with_rows(id).await.map(one))
        }
        ("POST", [_]) => {
            let (name, kind, body) = to_create(recording)?;
            call!(Other, nat.create(&name, kind, &body?).await.map(|row| created(row.id.get())))
        }
        _ => None,
    }
}

type Creating = (String, NatType, Result<NatFields, phpipam_client::Error>);

fn to_create(recording: &Recording) -> Option<Creating> {
    let mut body = fields(recording)?;
    let name = body.remove("name")?.as_str()?.to_owned();
    let kind = body.remove("type")?.as_str()?.into();
    Some((name, kind, NatFields::from_json(&body)))
}
