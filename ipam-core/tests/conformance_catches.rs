//! The suite can fail: each defect is caught by the cases that are about it, and each case catches a defect.
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

use ipam_core::conformance::{Harness, Outcome, cases, run};

use mutant::{Defect, MutantHarness};

/// Checks that every named case fails for its defect.
fn catches(table: &[(Defect, &[&str])]) {
    let mut missed = Vec::new();
    for (defect, names) in table {
        let base: Arc<dyn Harness> = match defect {
            // The one that others put addresses into, and the one with little to claim.
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
        assert_eq!(run(&harness, case).ok(), Some(Outcome::Passed), "{}", case.name);
    }
}

const PLANS_THAT_ARE_NOT_KEPT: &[(Defect, &[&str])] = &[
    (
        Defect::DropsGateway,
        &["allocate::breaks_rows_at_what_it_keeps", "allocate::keeps_the_gateway", "ranges::defines_a_range_as_asked"],
    ),
    (Defect::DropsReservations, &["allocate::keeps_reservations", "usage::counts_what_is_never_handed_out_once"]),
    (
        Defect::DropsPolicy,
        &[
            "policies::hands_out_at_random",
            "policies::hands_out_rested_addresses_again",
            "policies::hands_out_what_rested_longest",
            "policies::lets_addresses_rest_for_ever",
        ],
    ),
    (Defect::DropsFirstAndLast, &["allocate::stays_between_first_and_last"]),
    (Defect::UsesAllAddresses, &["ranges::fills_in_what_was_not_said"]),
    (Defect::IgnoresSpaces, &["allocate::keeps_spaces_apart"]),
];

const BAD_ALLOCATIONS: &[(Defect, &[&str])] = &[
    (Defect::TakesSecondLowest, &["cancellation::survives_callers_that_never_ask_again"]),
    (
        Defect::HandsOutTwice,
        &["allocate::takes_the_lowest_free_address", "allocate::hands_out_each_address_once_until_none_is_left"],
    ),
    (Defect::SpillsLines, &["allocate::serves_a_line_from_one_range"]),
    (Defect::LeaksOnFailure, &["allocate::takes_nothing_when_a_later_line_fails"]),
    (
        Defect::IgnoresExclude,
        &["allocate::leaves_out_excluded_addresses", "keys::refuses_another_request_with_the_key"],
    ),
    (
        Defect::ForgetsKeys,
        &[
            "keys::answers_a_repeat_with_the_same_allocations",
            "concurrency::keeps_requests_for_several_ranges_whole",
            "deallocate::gives_back_by_key",
            "keys::answers_a_repeat_when_nothing_is_left",
        ],
    ),
    (Defect::AnswersAnyRequestOfAKey, &["keys::has_one_winner_among_rivals"]),
    (Defect::NeverSaysRepeated, &["keys::repeats_all_lines", "keys::shows_the_allocations_as_they_are_now"]),
    (Defect::AnswersDescending, &["allocate::fills_gaps_from_below"]),
    (
        Defect::AnswersLinesReversed,
        &["allocate::answers_line_by_line", "allocate::never_gives_two_lines_the_same_address"],
    ),
    (Defect::AnswersOneLine, &["allocate::never_gives_two_lines_the_same_address"]),
    (Defect::LosesLabels, &["allocate::answers_everything_about_an_address"]),
    (Defect::LosesOwner, &["allocate::answers_everything_about_an_address"]),
    (Defect::LosesTags, &["update::changes_tags_as_one"]),
    (
        Defect::SortsRanges,
        &["allocate::tries_the_ranges_in_the_order_given", "preview::names_what_the_next_call_takes"],
    ),
    (Defect::UsesFirstRangeOnly, &["allocate::falls_back_to_another_family"]),
    (Defect::SkipsUnknownRanges, &["allocate::needs_every_range_to_exist", "allocate::takes_no_block_for_a_range"]),
    (
        Defect::TakesNextForExact,
        &["allocate::takes_exactly_one_address", "concurrency::gives_an_exact_address_to_one_caller"],
    ),
    (Defect::TakesFreePartOfExact, &["allocate::takes_exactly_several_addresses", "policies::lets_addresses_rest"]),
    (Defect::IgnoresShape, &["allocate::takes_addresses_in_a_row", "allocate::takes_rows_from_one_range_too"]),
    (Defect::IgnoresAlignment, &["allocate::aligns_a_row"]),
    (Defect::KeepsKeyAfterFailure, &["keys::leaves_the_key_free_after_a_failure"]),
    (Defect::ShortensKeys, &["errors::refuses_bad_requests_for_addresses", "keys::keeps_the_longest_key"]),
    (Defect::FoldsKeys, &["keys::tells_two_keys_apart"]),
    (Defect::MakesOneKey, &["allocate::makes_a_key_where_none_is_given"]),
    (
        Defect::RefillsPartialKeys,
        &[
            "expiry::refuses_a_repeat_after_some_expired",
            "expiry::repeats_before_the_end",
            "keys::refuses_a_repeat_after_some_were_given_back",
            "ranges::forgets_a_key_in_part_with_a_range",
        ],
    ),
    (Defect::NeverFreesKeys, &["keys::can_use_a_key_anew", "policies::counts_a_resting_address_as_free_to_give_back"]),
    (Defect::RacesOnKeys, &["keys::has_one_winner_among_equals"]),
    (
        Defect::RacesOnAddresses,
        &["concurrency::hands_out_each_address_once", "concurrency::never_shows_an_address_to_two_holders"],
    ),
    (Defect::RacesOnFreeing, &["concurrency::frees_an_allocation_once"]),
    (
        Defect::AnswersBadRequests,
        &[
            "allocate::refuses_exact_addresses_outside",
            "allocate::refuses_two_lines_for_one_exact_address",
            "allocate::takes_exact_addresses_from_the_range_that_holds_them",
            "preview::fails_as_allocate_does",
            "expiry::refuses_an_expiry_past_the_end_of_time",
        ],
    ),
    (
        Defect::StopsAtIpv4,
        &[
            "allocate::falls_back_to_another_family",
            "allocate::leaves_out_what_no_host_may_have",
            "allocate::serves_an_ipv6_subnet",
            "allocate::uses_both_addresses_of_a_point_to_point_link",
            "allocate::uses_the_address_of_a_single_host",
        ],
    ),
];

const BAD_ERRORS: &[(Defect, &[&str])] = &[
    (
        Defect::SaysUnavailable,
        &["allocate::takes_no_more_than_there_is", "child_prefixes::never_carves_twice_at_the_same_time"],
    ),
    (Defect::SaysIfIdempotent, &["allocate::needs_every_range_to_exist", "ranges::refuses_a_page_it_did_not_make"]),
    (Defect::NamesNoOperation, &["ranges::refuses_a_page_it_did_not_make"]),
    (Defect::NamesNoLine, &["preview::counts_lines_against_each_other"]),
    (Defect::NamesNothing, &["deallocate::needs_the_range_to_exist"]),
    (Defect::SaysInvalidForMissing, &["deallocate::needs_the_range_to_exist"]),
    (Defect::SaysNotFoundForInvalid, &["ranges::refuses_a_page_it_did_not_make"]),
    (
        Defect::SaysNotFoundWithoutRoom,
        &["concurrency::gives_the_last_addresses_to_as_many_callers", "policies::finds_the_last_address_at_random"],
    ),
];

const BAD_DEALLOCATIONS: &[(Defect, &[&str])] = &[
    (
        Defect::IgnoresExpect,
        &["deallocate::leaves_another_owners_address_alone", "deallocate::leaves_another_requests_address_alone"],
    ),
    (Defect::KeepsUnmarked, &["deallocate::gives_back_what_carries_no_mark"]),
    (
        Defect::RefusesRepeats,
        &["cancellation::finishes_a_deallocation_by_repeating", "deallocate::counts_what_nobody_has_as_free"],
    ),
    (Defect::FreesWholeRequests, &["deallocate::gives_back_by_address"]),
    (Defect::FreesInAnyRange, &["deallocate::frees_only_in_the_range_named"]),
    (Defect::FreesNothing, &["deallocate::gives_back_by_id", "deallocate::can_be_repeated"]),
    (
        Defect::ReusesIds,
        &["changes::loses_nothing_while_others_write", "deallocate::never_frees_the_next_allocation_by_an_old_id"],
    ),
    (
        Defect::AnswersTargetsReversed,
        &["deallocate::answers_target_by_target", "deallocate::frees_only_what_fits_of_a_batch"],
    ),
    (Defect::ListsFreedTwice, &["deallocate::lists_what_is_named_twice_once"]),
    (Defect::IgnoresUnknownRanges, &["deallocate::needs_the_range_to_exist"]),
    (
        Defect::IgnoresOutside,
        &[
            "deallocate::needs_the_address_to_be_of_the_range",
            "errors::refuses_bad_requests_before_anything_else",
            "errors::refuses_other_bad_requests",
        ],
    ),
];

const BAD_LISTINGS: &[(Defect, &[&str])] = &[
    (
        Defect::PagesByOffset,
        &["find::covers_what_lasts_while_others_come_and_go", "ranges::covers_what_lasts_while_others_come_and_go"],
    ),
    (Defect::IgnoresPageSize, &["find::covers_everything_once_in_pages"]),
    (Defect::ShufflesPages, &["blocks::covers_every_block_once_in_pages"]),
    (Defect::RestartsOnForeignPages, &["find::refuses_a_page_it_did_not_make"]),
    (
        Defect::NeverEndsPages,
        &[
            "find::covers_everything_once_in_pages",
            "ranges::covers_every_range_once_in_pages",
            "find::finds_nothing_without_error",
        ],
    ),
    (Defect::AnswersOnePage, &["find::covers_everything_once_in_pages"]),
    (Defect::IgnoresOwnerInFind, &["find::holds_every_condition"]),
    (Defect::MatchesHostNamesExactly, &["find::holds_every_condition"]),
    (Defect::ListsResting, &["find::lists_resting_addresses_only_when_asked"]),
    (Defect::ListsNothing, &["ranges::lists_what_matches"]),
    (
        Defect::IgnoresListFilter,
        &[
            "blocks::knows_the_smallest_block_around_a_range",
            "blocks::lists_what_matches",
            "ranges::describes_a_range",
            "ranges::lists_what_matches",
            "ranges::lists_by_tags_and_space",
        ],
    ),
    (Defect::RefusesToFindNothing, &["find::finds_nothing_without_error"]),
];

const BAD_UPDATES_AND_COUNTS: &[(Defect, &[&str])] = &[
    (Defect::ClearsUnnamed, &["update::changes_only_what_is_named"]),
    (Defect::IgnoresClear, &["update::is_found_by_what_it_was_changed_to"]),
    (Defect::KeepsUpdatesToItself, &["changes::tells_changes_of_labels"]),
    (Defect::UpdatesWhatIsGone, &["update::needs_the_allocation_to_exist"]),
    (Defect::NeverExpires, &["expiry::ends_an_allocation", "expiry::ends_a_key"]),
    (Defect::NeverRenews, &["expiry::renews_by_update"]),
    (Defect::CountsReservedTwice, &["usage::counts_what_is_never_handed_out_once"]),
    (Defect::CountsRestingAsFree, &["usage::counts_resting_addresses"]),
    (Defect::CountsIn64Bits, &["usage::counts_a_large_range", "usage::counts_the_largest_range"]),
    (Defect::AnswersUsageSorted, &["usage::answers_in_the_order_asked"]),
    (Defect::SkipsUnknownInUsage, &["usage::needs_every_range_to_exist"]),
];

const BAD_PREVIEWS: &[(Defect, &[&str])] = &[
    (Defect::TakesOnPreview, &["preview::takes_nothing"]),
    (Defect::PreviewsFirstLineOnly, &["preview::counts_lines_against_each_other"]),
    (Defect::PreviewsAnew, &["preview::answers_a_used_key_with_what_it_has"]),
];

const BAD_PLANS: &[(Defect, &[&str])] = &[
    (Defect::RedefinesRanges, &["ranges::defines_an_id_once", "ranges::has_one_winner_among_rivals"]),
    (Defect::AcceptsOverlaps, &["ranges::keeps_ranges_disjoint", "ranges::has_one_winner_among_rivals"]),
    (Defect::AcceptsBadPlans, &["blocks::refuses_a_block_that_cannot_be", "ranges::refuses_a_range_that_cannot_be"]),
    (Defect::LosesPlanDetails, &["blocks::defines_a_block_as_asked"]),
    (Defect::ClearsUnnamedOfPlan, &["blocks::changes_only_what_is_named", "ranges::changes_only_what_is_named"]),
    (Defect::IgnoresPlanUpdates, &["ranges::obeys_a_changed_range"]),
    (Defect::ForcesPlanUpdates, &["ranges::keeps_what_is_taken_inside"]),
    (Defect::RemovesInUse, &["ranges::removes_a_range", "concurrency::keeps_addresses_while_ranges_come_and_go"]),
    (Defect::RefusesRepeatedRemoval, &["child_prefixes::gives_a_range_back"]),
    (Defect::RemovesNothing, &["blocks::knows_the_smallest_block_around_a_range"]),
];

const BAD_CARVING: &[(Defect, &[&str])] = &[
    (Defect::RedefinesBlocks, &["blocks::defines_an_id_and_a_prefix_once"]),
    (Defect::AcceptsBlocksAnywhere, &["blocks::makes_a_tree_with_the_ranges"]),
    (Defect::ForgetsBlockOfRange, &["child_prefixes::carves_nothing_that_is_covered"]),
    (Defect::CarvesFirstFit, &["child_prefixes::leaves_larger_gaps_whole"]),
    (Defect::CarvesWithoutDetails, &["child_prefixes::describes_the_new_range"]),
    (
        Defect::CarvesAtRandom,
        &["child_prefixes::carves_the_lowest_free_prefix", "child_prefixes::hands_out_addresses_of_the_new_range"],
    ),
    (Defect::CarvesTwice, &["child_prefixes::can_carve_a_whole_block", "child_prefixes::carves_exactly_one_prefix"]),
    (Defect::ForgetsCarveKeys, &["child_prefixes::repeats_by_key"]),
    (Defect::TriesOneBlock, &["child_prefixes::tries_the_blocks_in_the_order_given"]),
    (
        Defect::StopsAtFirstBlockAround,
        &["child_prefixes::tries_every_block_around_an_exact_prefix", "child_prefixes::says_why_no_block_can_give_it"],
    ),
    (Defect::CarvesOnlyIpv4, &["child_prefixes::carves_ipv6"]),
    (Defect::CarvesShorter, &["child_prefixes::refuses_what_cannot_be"]),
    (
        Defect::GivesBackAnything,
        &[
            "child_prefixes::gives_back_only_what_was_carved",
            "child_prefixes::keeps_a_range_in_use",
            "child_prefixes::leaves_anothers_range_alone",
        ],
    ),
    (Defect::GivesBackNothing, &["child_prefixes::gives_a_range_back"]),
    (Defect::KeepsKeysApart, &["child_prefixes::shares_keys_with_allocate"]),
];

const BAD_FEEDS: &[(Defect, &[&str])] = &[
    (Defect::LosesChanges, &["changes::tells_changes_of_the_plan"]),
    (Defect::RepeatsChanges, &["changes::knows_where_to_read_on"]),
    (Defect::ReversesChanges, &["changes::answers_no_changes_for_no_limit"]),
    (Defect::IgnoresLimit, &["changes::answers_no_changes_for_no_limit", "changes::is_the_same_however_it_is_cut"]),
    (Defect::AcceptsAnyPosition, &["changes::refuses_a_position_it_did_not_make"]),
    (Defect::TellsTooMuch, &["changes::says_nothing_of_what_did_not_happen"]),
    (
        Defect::TellsOnlyAddresses,
        &[
            "changes::tells_changes_of_labels",
            "changes::tells_what_ended_by_itself",
            "changes::tells_changes_of_blocks",
        ],
    ),
    (Defect::ForgetsDetailsOfChanges, &["changes::tells_what_happened_in_order"]),
];

const BAD_MANNERS: &[(Defect, &[&str])] = &[
    (
        Defect::AnswersSlowly,
        &["cancellation::takes_back_what_nobody_waits_for", "cancellation::takes_it_back_while_others_work"],
    ),
    (Defect::TakesLineByLine, &["cancellation::leaves_all_or_nothing_with_a_key"]),
    (Defect::ClaimsLess, &["errors::refuses_what_it_does_not_claim"]),
    (Defect::ClaimsMore, &["usage::counts_what_is_taken"]),
    (Defect::ChangesClaims, &["errors::never_changes_its_claims"]),
    (
        Defect::TakesOnCheck,
        &["cancellation::survives_callers_that_never_ask_again", "errors::answers_a_check_without_changing_anything"],
    ),
    (
        Defect::ForgetsOnReopen,
        &["durable::keeps_carved_ranges", "durable::keeps_keys", "durable::keeps_what_was_answered"],
    ),
];

const BAD_ENDS: &[(Defect, &[&str])] = &[
    (Defect::SweepsAcknowledged, &["sweep::keeps_what_was_acknowledged", "sweep::keeps_what_others_are_taking"]),
    (Defect::SweepsKeyless, &["sweep::keeps_what_was_acknowledged", "sweep::undoes_an_abandoned_claim"]),
    (Defect::SweepsChildPrefixes, &["sweep::keeps_child_prefixes"]),
    (Defect::SweepsInDryRun, &["sweep::changes_nothing_in_a_dry_run", "sweep::stops_at_its_limit"]),
    (Defect::SweepsNothing, &["sweep::changes_nothing_in_a_dry_run", "sweep::undoes_an_abandoned_claim"]),
    (Defect::IgnoresSweepLimit, &["sweep::stops_at_its_limit"]),
    (Defect::NeverSaysMore, &["sweep::stops_at_its_limit"]),
    (Defect::RefusesSecondClose, &["close::can_be_repeated"]),
    (Defect::SaysConflictWhenClosed, &["close::works_or_says_that_it_was_closed"]),
    (Defect::SaysNothingWhenClosed, &["close::works_or_says_that_it_was_closed"]),
    (Defect::LosesOnClose, &["close::keeps_what_was_acknowledged", "close::finishes_what_was_requested"]),
    (Defect::ClosesOthers, &["close::leaves_other_providers_alone"]),
];

#[test]
fn bad_ends() {
    catches(BAD_ENDS);
}

#[test]
fn plans_that_are_not_kept() {
    catches(PLANS_THAT_ARE_NOT_KEPT);
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
fn bad_plans() {
    catches(BAD_PLANS);
}

#[test]
fn bad_carving() {
    catches(BAD_CARVING);
}

#[test]
fn bad_feeds() {
    catches(BAD_FEEDS);
}

#[test]
fn bad_manners() {
    catches(BAD_MANNERS);
}

const ALL: &[&[(Defect, &[&str])]] = &[
    PLANS_THAT_ARE_NOT_KEPT,
    BAD_ALLOCATIONS,
    BAD_ERRORS,
    BAD_DEALLOCATIONS,
    BAD_LISTINGS,
    BAD_UPDATES_AND_COUNTS,
    BAD_PREVIEWS,
    BAD_PLANS,
    BAD_CARVING,
    BAD_FEEDS,
    BAD_MANNERS,
    BAD_ENDS,
];
