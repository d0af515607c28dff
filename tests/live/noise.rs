//! Server whose PHP prints warnings before the JSON.

use ipam_core::{ErrorKind, IpamProvider, ListRanges};

use ipam_tests::live::{auth, base_for, builder_at, open_at, runtime};

#[test]
#[ignore = "needs a phpIPAM whose PHP prints warnings, and no NAT rules: set IPAM_LIVE_PHPIPAM_WARNINGS_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn warnings_before_the_json_are_named_and_can_be_skipped() {
    runtime().block_on(async {
        let base = base_for("WARNINGS_URL");
        let strict = builder_at(&base, auth()).build().unwrap();
        let lenient = builder_at(&base, auth()).with_lenient_bodies(true).build().unwrap();
        // Before 1.7 every response has warnings; later ones print some for an empty list of NAT rules.
        let refused = [strict.sections().list().await.map(|_| ()), strict.nat().list().await.map(|_| ())];
        let errors: Vec<_> = refused.into_iter().filter_map(Result::err).collect();
        assert!(!errors.is_empty(), "PHP prints nothing here");
        for error in errors {
            let text = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{text}");
            assert!(text.contains("PHP"), "{text}");
            assert!(text.contains("display_errors"), "{text}");
            assert!(!text.contains("rewrite"), "{text}");
            assert!(!text.contains("\"token\""), "{text}");
        }
        lenient.sections().list().await.unwrap();
        // A server that lacks NAT (before 1.6) says so in JSON.
        if let Err(error) = lenient.nat().list().await {
            assert_ne!(error.kind(), ErrorKind::Protocol, "{error}");
        }
        let provider = open_at(&base, "php_warnings=skip").await.unwrap();
        provider.check().await.unwrap();
        provider.list_ranges(&ListRanges::all()).await.unwrap();
    });
}
