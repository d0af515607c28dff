//! Mutation tests of the conformance suite: each defect is caught by its cases, and each case catches a defect.
#![cfg(feature = "conformance")]
#![allow(clippy::panic, reason = "a test fails by panicking")]

#[path = "conformance_support/claims.rs"]
mod claims;
#[path = "conformance_support/memory.rs"]
mod memory;
#[path = "conformance_support/mutant/mod.rs"]
mod mutant;
#[path = "conformance_support/reference.rs"]
mod reference;

use std::collections::BTreeSet;
use std::sync::Arc;

use ipam_core::conformance::{CaseOutcome, Harness, cases, run};

use mutant::{Defect, MutantHarness};

/// Checks that every named case fails over a provider with its defect.
fn catches(table: &[(Defect, &[&str])]) {
    let mut missed = Vec::new();
    for (defect, names) in table {
        let base: Arc<dyn Harness> = match defect {
            // These need a harness with `plant`, and a provider that lacks capabilities.
            Defect::KeepsUnmarked | Defect::ClaimsMore => Arc::new(reference::ReferenceHarness),
            _ if names.iter().any(|name| name.starts_with("sweep::")) => Arc::new(claims::ClaimsHarness::default()),
            _ => Arc::new(memory::MemoryHarness::default()),
        };
        let harness: Arc<dyn Harness> = Arc::new(MutantHarness::new(base, *defect));
        for name in *names {
            match cases().iter().find(|case| case.name == *name).map(|case| run(&harness, case)) {
                Some(Err(_)) => {}
                other => missed.push(format!("{name} does not catch {defect:?}: {other:?}")),
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn every_case_catches_something() {
    let named: BTreeSet<&str> =
        ALL.iter().flat_map(|table| table.iter()).flat_map(|(_, names)| names.iter().copied()).collect();
    let idle: Vec<&str> = cases().iter().map(|case| case.name).filter(|name| !named.contains(name)).collect();
    assert_eq!(idle, [""; 0], "cases that no defect is known to break");
}

#[test]
fn what_is_without_defect_passes() {
    let memory: Arc<dyn Harness> = Arc::new(memory::MemoryHarness::default());
    let claims: Arc<dyn Harness> = Arc::new(claims::ClaimsHarness::default());
    for harness in [memory, claims] {
        for case in cases() {
            if let Err(failure) = run(&harness, case) {
                panic!("{failure}");
            }
        }
    }
}

#[test]
fn every_case_of_sweep_runs_where_there_are_claims() {
    let harness: Arc<dyn Harness> = Arc::new(claims::ClaimsHarness::default());
    for case in cases().iter().filter(|case| case.name.starts_with("sweep::")) {
        assert_eq!(run(&harness, case).ok(), Some(CaseOutcome::Passed), "{}", case.name);
    }
}

const IGNORED_SETUP: &[(Defect, &[&str])] = &[
    (
        Defect::DropsGateway,
        &[
            "allocate::splits_runs_at_unavailable_addresses",
            "allocate::never_takes_the_gateway",
            "ranges::defines_a_range_as_requested",
        ],
    ),
    (Defect::DropsReservations, &["allocate::never_takes_reserved_addresses", "usage::counts_reserved_addresses_once"]),
    (
        Defect::DropsPolicy,
        &[
            "policies::allocates_at_random",
            "policies::releases_addresses_after_quarantine",
            "policies::allocates_the_least_recently_used_address",
            "policies::quarantines_addresses_forever",
        ],
    ),
    (Defect::DropsFirstAndLast, &["allocate::takes_only_addresses_of_the_range"]),
    (Defect::UsesAllAddresses, &["ranges::fills_in_defaults"]),
    (Defect::IgnoresSpaces, &["allocate::separates_address_spaces"]),
];

const BAD_ALLOCATIONS: &[(Defect, &[&str])] = &[
    (Defect::TakesSecondLowest, &["cancellation::survives_dropped_reads"]),
    (
        Defect::HandsOutTwice,
        &["allocate::takes_the_lowest_free_address", "allocate::allocates_each_address_once_until_exhausted"],
    ),
    (Defect::SplitsLinesOverRanges, &["allocate::serves_a_line_from_one_range"]),
    (Defect::LeaksOnFailure, &["allocate::takes_nothing_when_a_later_line_fails"]),
    (
        Defect::IgnoresExclude,
        &["allocate::never_takes_excluded_addresses", "keys::refuses_another_request_with_the_key"],
    ),
    (
        Defect::ForgetsKeys,
        &[
            "keys::returns_the_same_allocations_for_a_repeat",
            "concurrency::keeps_requests_for_several_ranges_atomic",
            "deallocate::deallocates_by_key",
            "keys::repeats_when_the_range_is_exhausted",
        ],
    ),
    (Defect::ReturnsAnyRequestOfAKey, &["keys::accepts_one_of_concurrent_different_requests"]),
    (Defect::NeverSaysRepeated, &["keys::repeats_all_lines", "keys::returns_current_allocations_for_a_repeat"]),
    (Defect::ReturnsDescending, &["allocate::fills_gaps_from_below"]),
    (
        Defect::ReturnsLinesReversed,
        &["allocate::returns_one_list_per_line", "allocate::never_allocates_one_address_for_two_lines"],
    ),
    (Defect::ReturnsOneLine, &["allocate::never_allocates_one_address_for_two_lines"]),
    (Defect::LosesLabels, &["allocate::returns_all_fields_of_an_allocation"]),
    (Defect::LosesOwner, &["allocate::returns_all_fields_of_an_allocation"]),
    (Defect::LosesTags, &["update::replaces_all_tags"]),
    (
        Defect::SortsRanges,
        &["allocate::tries_the_ranges_in_the_order_given", "preview::returns_what_the_next_call_takes"],
    ),
    (Defect::UsesFirstRangeOnly, &["allocate::falls_back_to_another_family"]),
    (Defect::SkipsUnknownRanges, &["allocate::requires_every_range_to_exist", "allocate::refuses_the_id_of_a_block"]),
    (
        Defect::TakesNextForExact,
        &["allocate::takes_one_exact_address", "concurrency::allocates_an_exact_address_to_one_caller"],
    ),
    (
        Defect::TakesFreePartOfExact,
        &["allocate::takes_several_exact_addresses", "policies::quarantines_deallocated_addresses"],
    ),
    (
        Defect::IgnoresPlacement,
        &["allocate::takes_contiguous_addresses", "allocate::takes_a_contiguous_run_from_one_range"],
    ),
    (Defect::IgnoresAlignment, &["allocate::aligns_a_contiguous_run"]),
    (Defect::KeepsKeyAfterFailure, &["keys::releases_the_key_of_a_failed_request"]),
    (Defect::ShortensKeys, &["errors::refuses_invalid_allocate_requests", "keys::keeps_keys_of_the_maximum_length"]),
    (Defect::FoldsKeys, &["keys::compares_keys_byte_by_byte"]),
    (Defect::GeneratesOneKey, &["allocate::generates_a_key_if_none_is_given"]),
    (
        Defect::RefillsPartialKeys,
        &[
            "expiry::refuses_a_repeat_after_partial_expiry",
            "expiry::repeats_before_expiry",
            "keys::refuses_a_repeat_after_partial_deallocation",
            "ranges::deallocates_part_of_a_key_with_a_range",
        ],
    ),
    (
        Defect::NeverFreesKeys,
        &["keys::reuses_a_key_after_all_are_deallocated", "policies::reports_quarantined_targets_as_free"],
    ),
    (Defect::RacesOnKeys, &["keys::allocates_once_for_concurrent_equal_requests"]),
    (
        Defect::RacesOnAddresses,
        &["concurrency::allocates_each_address_once", "concurrency::never_allocates_a_held_address"],
    ),
    (Defect::RacesOnFreeing, &["concurrency::deallocates_an_allocation_once"]),
    (
        Defect::AcceptsInvalidRequests,
        &[
            "allocate::refuses_exact_addresses_outside_the_ranges",
            "allocate::refuses_two_lines_for_one_exact_address",
            "allocate::takes_exact_addresses_from_the_range_that_holds_them",
            "preview::fails_like_allocate",
            "expiry::refuses_an_unrepresentable_expiry",
        ],
    ),
    (
        Defect::StopsAtIpv4,
        &[
            "allocate::falls_back_to_another_family",
            "allocate::never_takes_network_broadcast_or_anycast_addresses",
            "allocate::serves_an_ipv6_subnet",
            "allocate::uses_both_addresses_of_a_point_to_point_link",
            "allocate::uses_the_address_of_a_single_host",
        ],
    ),
];

const BAD_ERRORS: &[(Defect, &[&str])] = &[
    (
        Defect::SaysUnavailable,
        &[
            "allocate::takes_nothing_if_too_few_are_free",
            "child_prefixes::allocates_each_prefix_once_under_concurrency",
        ],
    ),
    (Defect::SaysIfIdempotent, &["allocate::requires_every_range_to_exist", "ranges::refuses_an_unknown_page_token"]),
    (Defect::NamesNoOperation, &["ranges::refuses_an_unknown_page_token"]),
    (Defect::NamesNoLine, &["preview::previews_different_addresses_for_each_line"]),
    (Defect::NamesNothing, &["deallocate::requires_the_range_to_exist"]),
    (Defect::SaysInvalidForMissing, &["deallocate::requires_the_range_to_exist"]),
    (Defect::SaysNotFoundForInvalid, &["ranges::refuses_an_unknown_page_token"]),
    (
        Defect::SaysNotFoundWithoutRoom,
        &[
            "concurrency::serves_as_many_callers_as_addresses_are_free",
            "policies::finds_the_last_free_address_at_random",
        ],
    ),
];

const BAD_DEALLOCATIONS: &[(Defect, &[&str])] = &[
    (
        Defect::IgnoresPrecondition,
        &["deallocate::keeps_the_address_of_another_owner", "deallocate::keeps_the_address_of_another_request"],
    ),
    (Defect::KeepsUnmarked, &["deallocate::deallocates_addresses_without_owner_and_key"]),
    (
        Defect::RefusesRepeats,
        &["cancellation::completes_a_dropped_deallocation_by_repeating", "deallocate::reports_unknown_targets_as_free"],
    ),
    (Defect::FreesWholeRequests, &["deallocate::deallocates_by_address"]),
    (Defect::FreesInAnyRange, &["deallocate::deallocates_only_in_the_named_range"]),
    (Defect::FreesNothing, &["deallocate::deallocates_by_id", "deallocate::can_be_repeated"]),
    (
        Defect::ReusesIds,
        &["changes::is_complete_during_concurrent_writes", "deallocate::never_frees_the_next_allocation_by_an_old_id"],
    ),
    (
        Defect::ReturnsTargetsReversed,
        &["deallocate::returns_one_entry_per_target", "deallocate::checks_the_precondition_of_each_target"],
    ),
    (Defect::ListsFreedTwice, &["deallocate::lists_a_repeated_target_once"]),
    (Defect::IgnoresUnknownRanges, &["deallocate::requires_the_range_to_exist"]),
    (
        Defect::IgnoresOutside,
        &[
            "deallocate::requires_an_address_of_the_prefix",
            "errors::validates_requests_first",
            "errors::refuses_other_invalid_requests",
        ],
    ),
];

const BAD_LISTINGS: &[(Defect, &[&str])] = &[
    (
        Defect::PagesByOffset,
        &["find::lists_lasting_allocations_once_during_changes", "ranges::lists_lasting_ranges_once_during_changes"],
    ),
    (Defect::IgnoresPageSize, &["find::lists_each_allocation_once_in_pages"]),
    (Defect::ShufflesPages, &["blocks::lists_each_block_once_in_pages"]),
    (Defect::RestartsOnUnknownPages, &["find::refuses_an_unknown_page_token"]),
    (
        Defect::NeverEndsPages,
        &[
            "find::lists_each_allocation_once_in_pages",
            "ranges::lists_each_range_once_in_pages",
            "find::returns_an_empty_page_without_error",
        ],
    ),
    (Defect::ReturnsOnePage, &["find::lists_each_allocation_once_in_pages"]),
    (Defect::IgnoresOwnerInFind, &["find::applies_every_condition"]),
    (Defect::MatchesHostNamesExactly, &["find::applies_every_condition"]),
    (Defect::ListsQuarantined, &["find::lists_quarantined_addresses_only_on_request"]),
    (Defect::ListsNothing, &["ranges::lists_matching_ranges"]),
    (
        Defect::IgnoresListFilter,
        &[
            "blocks::returns_the_smallest_block_around_a_range",
            "blocks::lists_matching_blocks",
            "ranges::describes_a_range",
            "ranges::lists_matching_ranges",
            "ranges::lists_by_tags_and_space",
        ],
    ),
    (Defect::RefusesToFindNothing, &["find::returns_an_empty_page_without_error"]),
];

const BAD_UPDATES_AND_COUNTS: &[(Defect, &[&str])] = &[
    (Defect::ClearsUnnamed, &["update::changes_only_named_fields"]),
    (Defect::IgnoresClear, &["update::finds_by_the_new_values"]),
    (Defect::ReturnsUpdatesUnstored, &["changes::lists_updates_of_allocations"]),
    (Defect::UpdatesWhatIsGone, &["update::requires_the_allocation_to_exist"]),
    (Defect::NeverExpires, &["expiry::expires_an_allocation", "expiry::releases_the_key_of_expired_allocations"]),
    (Defect::NeverRenews, &["expiry::renews_by_update"]),
    (Defect::CountsReservedTwice, &["usage::counts_reserved_addresses_once"]),
    (Defect::CountsQuarantinedAsFree, &["usage::counts_quarantined_addresses"]),
    (Defect::CountsIn64Bits, &["usage::counts_a_large_range", "usage::counts_the_largest_range"]),
    (Defect::ReturnsUsageSorted, &["usage::returns_ranges_in_the_requested_order"]),
    (Defect::SkipsUnknownInUsage, &["usage::requires_every_range_to_exist"]),
];

const BAD_PREVIEWS: &[(Defect, &[&str])] = &[
    (Defect::TakesOnPreview, &["preview::takes_nothing"]),
    (Defect::PreviewsFirstLineOnly, &["preview::previews_different_addresses_for_each_line"]),
    (Defect::PreviewsAnew, &["preview::returns_the_allocations_of_a_used_key"]),
];

const BAD_DEFINITIONS: &[(Defect, &[&str])] = &[
    (Defect::RedefinesRanges, &["ranges::refuses_a_duplicate_id", "ranges::defines_one_of_concurrent_duplicates"]),
    (Defect::AcceptsOverlaps, &["ranges::refuses_overlapping_ranges", "ranges::defines_one_of_concurrent_duplicates"]),
    (Defect::AcceptsInvalidDefinitions, &["blocks::refuses_an_invalid_block", "ranges::refuses_an_invalid_range"]),
    (Defect::LosesDetailsOfDefinitions, &["blocks::defines_a_block_as_requested"]),
    (Defect::ClearsUnnamedOfDefinitions, &["blocks::changes_only_named_fields", "ranges::changes_only_named_fields"]),
    (Defect::IgnoresUpdatesOfDefinitions, &["ranges::allocates_from_the_changed_range"]),
    (Defect::AcceptsConflictingUpdates, &["ranges::refuses_changes_that_exclude_allocations"]),
    (Defect::RemovesInUse, &["ranges::removes_a_range", "concurrency::keeps_allocations_while_ranges_are_removed"]),
    (Defect::RefusesRepeatedRemoval, &["child_prefixes::deallocates_a_child_prefix"]),
    (Defect::RemovesNothing, &["blocks::returns_the_smallest_block_around_a_range"]),
];

const BAD_CHILD_PREFIXES: &[(Defect, &[&str])] = &[
    (Defect::RedefinesBlocks, &["blocks::refuses_a_duplicate_id_or_prefix"]),
    (Defect::AcceptsBlocksAnywhere, &["blocks::nests_blocks_and_ranges"]),
    (Defect::ForgetsBlockOfRange, &["child_prefixes::never_allocates_a_covered_prefix"]),
    (Defect::AllocatesPrefixFirstFit, &["child_prefixes::prefers_the_smallest_free_gap"]),
    (Defect::AllocatesPrefixWithoutDetails, &["child_prefixes::describes_the_new_range"]),
    (
        Defect::SkipsLowestPrefix,
        &["child_prefixes::allocates_the_lowest_free_prefix", "child_prefixes::allocates_addresses_of_the_new_range"],
    ),
    (
        Defect::AllocatesPrefixTwice,
        &["child_prefixes::allocates_a_whole_block", "child_prefixes::allocates_an_exact_prefix"],
    ),
    (Defect::ForgetsPrefixKeys, &["child_prefixes::repeats_by_key"]),
    (Defect::TriesOneBlock, &["child_prefixes::tries_the_blocks_in_the_order_given"]),
    (
        Defect::StopsAtFirstBlockAround,
        &[
            "child_prefixes::tries_every_block_around_an_exact_prefix",
            "child_prefixes::reports_why_no_block_has_the_prefix",
        ],
    ),
    (Defect::AllocatesOnlyIpv4Prefixes, &["child_prefixes::allocates_ipv6_prefixes"]),
    (Defect::ClampsPrefixLength, &["child_prefixes::refuses_invalid_requests"]),
    (
        Defect::DeallocatesAnyRange,
        &[
            "child_prefixes::refuses_to_deallocate_a_defined_range",
            "child_prefixes::keeps_a_range_in_use",
            "child_prefixes::keeps_the_range_of_another_owner",
        ],
    ),
    (Defect::DeallocatesNoRange, &["child_prefixes::deallocates_a_child_prefix"]),
    (Defect::KeepsKeysApart, &["child_prefixes::shares_keys_with_allocate"]),
];

const BAD_FEEDS: &[(Defect, &[&str])] = &[
    (Defect::LosesChanges, &["changes::lists_changes_of_ranges"]),
    (Defect::RepeatsChanges, &["changes::returns_the_position_to_continue_from"]),
    (Defect::ReversesChanges, &["changes::returns_no_changes_for_a_limit_of_zero"]),
    (
        Defect::IgnoresLimit,
        &["changes::returns_no_changes_for_a_limit_of_zero", "changes::is_the_same_for_every_limit"],
    ),
    (Defect::AcceptsAnyPosition, &["changes::refuses_an_unknown_position"]),
    (Defect::ReportsFailedRequests, &["changes::omits_failed_and_repeated_requests"]),
    (
        Defect::ReportsOnlyAddresses,
        &[
            "changes::lists_updates_of_allocations",
            "changes::lists_expired_allocations",
            "changes::lists_changes_of_blocks",
        ],
    ),
    (Defect::ForgetsDetailsOfChanges, &["changes::lists_changes_in_order"]),
];

const BAD_BEHAVIOUR: &[(Defect, &[&str])] = &[
    (
        Defect::RespondsSlowly,
        &[
            "cancellation::undoes_dropped_allocations_without_a_key",
            "cancellation::undoes_dropped_allocations_under_load",
        ],
    ),
    (Defect::TakesLineByLine, &["cancellation::is_all_or_nothing_with_a_key"]),
    (Defect::ClaimsLess, &["errors::refuses_unsupported_operations"]),
    (Defect::ClaimsMore, &["usage::counts_allocated_addresses"]),
    (Defect::ChangesClaims, &["errors::keeps_its_capabilities"]),
    (Defect::TakesOnCheck, &["cancellation::survives_dropped_reads", "errors::checks_without_changing_anything"]),
    (
        Defect::ForgetsOnReopen,
        &["durable::keeps_child_prefixes", "durable::keeps_keys", "durable::keeps_acknowledged_changes"],
    ),
];

const BAD_SWEEP_AND_CLOSE: &[(Defect, &[&str])] = &[
    (Defect::SweepsAcknowledged, &["sweep::keeps_acknowledged_allocations", "sweep::keeps_claims_in_progress"]),
    (Defect::SweepsKeyless, &["sweep::keeps_acknowledged_allocations", "sweep::undoes_an_abandoned_claim"]),
    (Defect::SweepsChildPrefixes, &["sweep::keeps_child_prefixes"]),
    (Defect::SweepsInDryRun, &["sweep::changes_nothing_in_a_dry_run", "sweep::stops_at_its_limit"]),
    (Defect::SweepsNothing, &["sweep::changes_nothing_in_a_dry_run", "sweep::undoes_an_abandoned_claim"]),
    (Defect::IgnoresSweepLimit, &["sweep::stops_at_its_limit"]),
    (Defect::NeverSaysMore, &["sweep::stops_at_its_limit"]),
    (Defect::RefusesSecondClose, &["close::can_be_repeated"]),
    (Defect::SaysConflictWhenClosed, &["close::works_or_reports_that_it_is_closed"]),
    (Defect::SaysNothingWhenClosed, &["close::works_or_reports_that_it_is_closed"]),
    (Defect::LosesOnClose, &["close::keeps_acknowledged_changes", "close::finishes_pending_requests"]),
    (Defect::ClosesOthers, &["close::does_not_affect_other_providers"]),
];

const BAD_RECORDS: &[(Defect, &[&str])] = &[
    (Defect::SplitsRequests, &["records::lists_whole_requests", "records::restores_requests"]),
    (
        Defect::HidesFingerprints,
        &[
            "records::lists_the_fingerprints_of_requests",
            "records::restores_requests",
            "records::restores_child_prefixes",
        ],
    ),
    (
        Defect::ForgetsDeallocated,
        &[
            "records::lists_the_number_of_addresses_of_requests",
            "records::restores_the_number_of_addresses_of_requests",
        ],
    ),
    (Defect::CountsRestoredAgain, &["records::restores_a_record_once"]),
    (Defect::SkipsConflicts, &["records::refuses_other_records"]),
    (Defect::LosesRestoredTimes, &["records::restores_times_and_labels"]),
    (Defect::LosesQuarantine, &["records::restores_quarantine"]),
    (Defect::MakesUpOwners, &["records::restores_addresses_without_key"]),
];

#[test]
fn bad_records() {
    catches(BAD_RECORDS);
}

#[test]
fn bad_sweep_and_close() {
    catches(BAD_SWEEP_AND_CLOSE);
}

#[test]
fn ignored_setup() {
    catches(IGNORED_SETUP);
}

#[test]
fn bad_allocations() {
    catches(BAD_ALLOCATIONS);
}

#[test]
fn bad_errors() {
    catches(BAD_ERRORS);
}

#[test]
fn bad_deallocations() {
    catches(BAD_DEALLOCATIONS);
}

#[test]
fn bad_listings() {
    catches(BAD_LISTINGS);
}

#[test]
fn bad_updates_and_counts() {
    catches(BAD_UPDATES_AND_COUNTS);
}

#[test]
fn bad_previews() {
    catches(BAD_PREVIEWS);
}

#[test]
fn bad_definitions() {
    catches(BAD_DEFINITIONS);
}

#[test]
fn bad_child_prefixes() {
    catches(BAD_CHILD_PREFIXES);
}

#[test]
fn bad_feeds() {
    catches(BAD_FEEDS);
}

#[test]
fn bad_behaviour() {
    catches(BAD_BEHAVIOUR);
}

const ALL: &[&[(Defect, &[&str])]] = &[
    IGNORED_SETUP,
    BAD_ALLOCATIONS,
    BAD_ERRORS,
    BAD_DEALLOCATIONS,
    BAD_LISTINGS,
    BAD_UPDATES_AND_COUNTS,
    BAD_PREVIEWS,
    BAD_DEFINITIONS,
    BAD_CHILD_PREFIXES,
    BAD_FEEDS,
    BAD_BEHAVIOUR,
    BAD_RECORDS,
    BAD_SWEEP_AND_CLOSE,
];
