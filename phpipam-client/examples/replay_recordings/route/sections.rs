//! `sections`

use phpipam_client::models::SectionFields;
use phpipam_client::{Client, Filter};

use super::{Done, Recording, Routed, Sort, call, created, fields, many, number, one, schema};

pub(super) fn route<'a>(
    client: &'a Client,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Routed<'a> {
    let sections = client.sections();
    if filter.is_some() {
        return None;
    }
    match (method, rest) {
        ("GET", []) => call!(List, sections.list().await.map(many)),
        ("GET", ["custom_fields"]) => call!(Schema, sections.custom_fields().await.map(schema)),
        ("GET", [id]) => match number(id) {
            Some(id) => call!(Other, sections.get(id.into()).await.map(one)),
            None => {
                let name = *id;
                call!(Other, sections.get_by_name(name).await.map(one))
            }
        },
        ("GET", [id, word]) => {
            let id = number(id)?.into();
            match *word {
                "subnets" => call!(List, sections.subnets(id).await.map(many)),
                "changelog" => call!(List, sections.changelog(id).await.map(many)),
                _ => None,
            }
        }
        ("GET", [id, "subnets", "addresses"]) => {
            let id = number(id)?.into();
            call!(List, sections.subnets_with_addresses(id).await.map(many))
        }
        ("POST", []) => {
            let mut body = fields(recording)?;
            let name = body.remove("name")?.as_str()?.to_owned();
            let body = SectionFields::from_json(&body);
            call!(Other, sections.create(&name, &body?).await.map(|created_| created(created_.id.get())))
        }
        ("PATCH", [id]) => {
            let id = number(id)?.into();
            let body = SectionFields::from_json(&fields(recording)?);
            call!(Other, sections.update(id, &body?).await.map(|()| Done::default()))
        }
        ("DELETE", [id]) => {
            let id = number(id)?.into();
            call!(Other, sections.delete(id).await.map(|()| Done::default()))
        }
        _ => None,
    }
}
