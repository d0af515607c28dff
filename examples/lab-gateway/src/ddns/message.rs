//! Messages of an update: the request, and the meaning of the response. No I/O.

use std::net::Ipv4Addr;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode, UpdateMessage as _};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::rdata::tsig::TsigError;
use hickory_proto::rr::{DNSClass, RData, Record, RecordType, TSigVerifier};

use super::{DdnsConfig, DdnsError};

/// Signed request, with what is needed to check its response.
pub(super) struct Request {
    pub(super) bytes: Vec<u8>,
    pub(super) verifier: TSigVerifier,
    pub(super) id: u16,
    pub(super) time: u64,
}

/// Builds the request that replaces the A records of the name by one.
pub(super) fn request(config: &DdnsConfig, address: Ipv4Addr, time: u64) -> Result<Request, DdnsError> {
    let mut message = Message::query();
    message.metadata.op_code = OpCode::Update;
    message.metadata.recursion_desired = false;
    let mut zone = Query::new();
    zone.set_name(config.zone().clone()).set_query_class(DNSClass::IN).set_query_type(RecordType::SOA);
    message.add_zone(zone);
    // Beside a CNAME a server leaves an address out and still says NOERROR (RFC 2136, 3.4.2.2).
    let mut alias: Record<RData> =
        Record::update0(config.record().clone(), 0, RecordType::CNAME).into_record_of_rdata();
    alias.dns_class = DNSClass::NONE;
    message.add_pre_requisite(alias);
    let mut delete: Record<RData> = Record::update0(config.record().clone(), 0, RecordType::A).into_record_of_rdata();
    delete.dns_class = DNSClass::ANY;
    message.add_update(delete);
    message.add_update(Record::from_rdata(config.record().clone(), config.ttl(), RData::A(A(address))));
    let id = message.metadata.id;
    let fault = |reason: String| DdnsError::Config { field: "key", value: config.key().name(), reason };
    let verifier = message
        .finalize(&config.key().signer()?, time)
        .map_err(|error| fault(error.to_string()))?
        .ok_or_else(|| fault("the request was not signed".to_owned()))?;
    let bytes = message.to_vec().map_err(|error| fault(error.to_string()))?;
    Ok(Request { bytes, verifier, id, time })
}

/// Reads the response of a request. `Ok` only if the server says that the update is done, with a valid signature.
pub(super) fn check(config: &DdnsConfig, mut request: Request, bytes: &[u8]) -> Result<(), DdnsError> {
    let server = || config.server().to_owned();
    let fault = |reason: String| DdnsError::Response { server: server(), reason };
    let response = Message::from_vec(bytes).map_err(|error| fault(format!("its response is not DNS ({error})")))?;
    if response.metadata.id != request.id
        || response.metadata.message_type != MessageType::Response
        || response.metadata.op_code != OpCode::Update
    {
        return Err(fault("its response is to another request".to_owned()));
    }
    let key = || config.key().name();
    // The faults of a key come in a TSIG record, which may be unsigned; the code of the header only says NOTAUTH.
    if let Some(tsig) = response.signature() {
        match tsig.data.error {
            Some(TsigError::BadKey) => {
                let algorithm = config.key().algorithm().name();
                return Err(DdnsError::BadKey { server: server(), key: key(), algorithm });
            }
            Some(TsigError::BadSig) => return Err(DdnsError::BadSig { server: server(), key: key() }),
            Some(TsigError::BadTime) => {
                let seconds = clock_of(&tsig.data.other).map(|theirs| seconds_between(request.time, theirs));
                return Err(DdnsError::BadTime { server: server(), seconds });
            }
            Some(other) if u16::from(other) != 0 => {
                return Err(DdnsError::Rcode { server: server(), code: format!("TSIG error {}", u16::from(other)) });
            }
            _ => {}
        }
    }
    let zone = || config.zone().to_string();
    let name = || config.record().to_string();
    match response.metadata.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NotAuth => return Err(DdnsError::NotAuth { server: server(), zone: zone() }),
        ResponseCode::NotZone => return Err(DdnsError::NotZone { server: server(), name: name(), zone: zone() }),
        ResponseCode::Refused => return Err(DdnsError::Refused { server: server(), key: key(), name: name() }),
        ResponseCode::YXRRSet => return Err(DdnsError::Alias { server: server(), name: name() }),
        other => {
            let code = format!("{} ({})", other.to_str(), u16::from(other));
            return Err(DdnsError::Rcode { server: server(), code });
        }
    }
    if response.signature().is_none() {
        return Err(fault("its response is not signed".to_owned()));
    }
    request
        .verifier
        .verify(bytes)
        .map_err(|error| fault(format!("the signature of its response is not valid ({error})")))?;
    Ok(())
}

/// Time of the server in a BADTIME response: 48 bits.
fn clock_of(other: &[u8]) -> Option<u64> {
    let bytes: [u8; 6] = other.try_into().ok()?;
    Some(bytes.iter().fold(0, |time, byte| time << 8 | u64::from(*byte)))
}

/// Seconds by which our clock is ahead.
fn seconds_between(ours: u64, theirs: u64) -> i64 {
    let distance = i64::try_from(ours.abs_diff(theirs)).unwrap_or(i64::MAX);
    if ours < theirs { -distance } else { distance }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use hickory_proto::rr::TSigResponseContext;
    use hickory_proto::rr::rdata::tsig::{TSIG, TsigAlgorithm, make_tsig_record};
    use proptest::prelude::*;

    use super::*;
    use crate::ddns::{self, TsigKey};

    const NOW: u64 = 1_700_000_000;

    fn config() -> DdnsConfig {
        let key =
            TsigKey::from_base64("k", ddns::TsigAlgorithm::HmacSha512, "c2VjcmV0LXNlY3JldC1zZWNyZXQ=".into()).unwrap();
        DdnsConfig::new("ns.test", "lab.test", "alice.lab.test", key).unwrap()
    }

    fn sent(config: &DdnsConfig) -> (Request, Vec<u8>) {
        let request = request(config, Ipv4Addr::new(192, 0, 2, 7), NOW).unwrap();
        let mac = Message::from_vec(&request.bytes).unwrap().signature().unwrap().data.mac.clone();
        (request, mac)
    }

    /// Response of a server that holds the key.
    fn signed(config: &DdnsConfig, request: &Request, mac: &[u8], code: ResponseCode) -> Vec<u8> {
        let mut response = Message::response(request.id, OpCode::Update);
        response.metadata.response_code = code;
        let context = TSigResponseContext::new(request.id, NOW, config.key().signer().unwrap(), mac.to_vec(), None);
        let record = context.sign(&response.to_vec().unwrap()).unwrap();
        response.set_signature(record);
        response.to_vec().unwrap()
    }

    fn with_tsig_error(request: &Request, error: TsigError, other: Vec<u8>) -> Vec<u8> {
        let mut response = Message::response(request.id, OpCode::Update);
        response.metadata.response_code = ResponseCode::NotAuth;
        let tsig = TSIG::new(TsigAlgorithm::HmacSha512, NOW, 300, Vec::new(), request.id, Some(error), other);
        response.set_signature(Box::new(make_tsig_record("k.".parse().unwrap(), tsig)));
        response.to_vec().unwrap()
    }

    #[test]
    fn the_request_replaces_the_address_and_forbids_an_alias() {
        let config = config().with_ttl(60);
        let message = Message::from_vec(&sent(&config).0.bytes).unwrap();
        assert_eq!(message.metadata.op_code, OpCode::Update);
        assert_eq!(message.zones()[0].name().to_string(), "lab.test.");
        let alias = &message.prerequisites()[0];
        assert_eq!((alias.dns_class, alias.record_type()), (DNSClass::NONE, RecordType::CNAME));
        let [delete, add] = message.updates() else { panic!("{message:?}") };
        assert_eq!((delete.dns_class, delete.record_type(), delete.ttl), (DNSClass::ANY, RecordType::A, 0));
        assert_eq!((add.dns_class, add.ttl), (DNSClass::IN, 60));
        assert_eq!(add.data, RData::A(A(Ipv4Addr::new(192, 0, 2, 7))));
    }

    #[test]
    fn only_a_signed_noerror_counts() {
        let config = config();
        let (request, mac) = sent(&config);
        let good = signed(&config, &request, &mac, ResponseCode::NoError);
        check(&config, request, &good).unwrap();

        let (request, mac) = sent(&config);
        let mut forged = signed(&config, &request, &mac, ResponseCode::NoError);
        // A counter of the header that the signature covers.
        forged[3] ^= 0x20;
        assert!(matches!(check(&config, request, &forged), Err(DdnsError::Response { .. })));

        let (request, _) = sent(&config);
        let unsigned = Message::response(request.id, OpCode::Update).to_vec().unwrap();
        let fault = check(&config, request, &unsigned).unwrap_err();
        assert!(fault.to_string().contains("not signed"), "{fault}");

        let (request, mac) = sent(&config);
        let (other, _) = sent(&config);
        if other.id != request.id {
            let response = signed(&config, &other, &mac, ResponseCode::NoError);
            assert!(check(&config, request, &response).unwrap_err().to_string().contains("another request"));
        }
    }

    #[test]
    fn each_code_has_its_error() {
        let config = config();
        let of = |code: ResponseCode| {
            let (request, mac) = sent(&config);
            let response = signed(&config, &request, &mac, code);
            check(&config, request, &response).unwrap_err()
        };
        assert!(matches!(of(ResponseCode::Refused), DdnsError::Refused { .. }));
        assert!(matches!(of(ResponseCode::NotAuth), DdnsError::NotAuth { .. }));
        assert!(matches!(of(ResponseCode::NotZone), DdnsError::NotZone { .. }));
        assert!(matches!(of(ResponseCode::YXRRSet), DdnsError::Alias { .. }));
        assert!(matches!(of(ResponseCode::ServFail), DdnsError::Rcode { code, .. } if code.contains("(2)")));
        assert!(matches!(of(ResponseCode::NXDomain), DdnsError::Rcode { .. }));

        let tsig = |error: TsigError, other: &[u8]| {
            let (request, _) = sent(&config);
            let response = with_tsig_error(&request, error, other.to_vec());
            check(&config, request, &response).unwrap_err()
        };
        assert!(matches!(tsig(TsigError::BadKey, &[]), DdnsError::BadKey { algorithm: "hmac-sha512", .. }));
        assert!(matches!(tsig(TsigError::BadSig, &[]), DdnsError::BadSig { .. }));
        let ahead = (NOW - 1000).to_be_bytes();
        let fault = tsig(TsigError::BadTime, &ahead[2..]);
        assert_eq!(fault, DdnsError::BadTime { server: "ns.test:53".into(), seconds: Some(1000) });
        assert!(fault.to_string().contains("1000 s ahead"), "{fault}");
        assert!(matches!(tsig(TsigError::BadTime, &[]), DdnsError::BadTime { seconds: None, .. }));
        assert!(matches!(tsig(TsigError::BadTrunc, &[]), DdnsError::Rcode { .. }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let config = config();
            let (request, _) = sent(&config);
            prop_assert!(check(&config, request, &bytes).is_err());
        }

        #[test]
        fn a_changed_byte_never_turns_a_refusal_into_success(at in 0usize..500, flip in 1u8..) {
            let config = config();
            let (request, mac) = sent(&config);
            let mut bytes = signed(&config, &request, &mac, ResponseCode::Refused);
            let at = at % bytes.len();
            bytes[at] ^= flip;
            prop_assert!(check(&config, request, &bytes).is_err());
        }
    }
}
