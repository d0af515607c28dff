//! List of all cases: name, needed capabilities, and the sentence of the contract that the case checks.
//!
//! The list states the contract in short. [`IpamProvider`](crate::IpamProvider) explains it.

use futures_util::FutureExt;

use super::case::Case;
use super::needs::Need;

/// Defines a `#[test]` for each case, in one module per group.
///
/// The argument is an expression that returns a [`Harness`](crate::conformance::Harness). It is evaluated once per test,
/// and sees the items in scope of the macro call. The macro defines a module per group (`allocate`, `keys`, …), so use
/// it once per module. The [module](crate::conformance) has an example.
#[macro_export]
#[doc(hidden)]
macro_rules! conformance_tests {
    ($harness:expr) => {
        // A function, because the modules of the groups do not see the names that the expression uses.
        fn __conformance_harness() -> impl $crate::conformance::Harness {
            $harness
        }
        const __CONFORMANCE_SUITE: &str = module_path!();
        $crate::__conformance_cases! { [$crate::__conformance_tests] }
    };
}

/// Expansion of `tests!` for a list of cases.
#[macro_export]
#[doc(hidden)]
macro_rules! __conformance_tests {
    ($($group:ident { $($case:ident [$($need:ident)*] $sentence:literal)* })*) => {
        $(
            mod $group {
                $(
                    #[doc = $sentence]
                    #[test]
                    fn $case() -> Result<(), $crate::conformance::Failure> {
                        let name = concat!(stringify!($group), "::", stringify!($case));
                        let (suite, harness) = (super::__CONFORMANCE_SUITE, super::__conformance_harness());
                        $crate::conformance::check_of_suite(suite, harness, name)
                    }
                )*
            }
        )*
    };
}

/// Passes the list of all cases to another macro.
// One list for both uses: the static table below and the tests of `tests!`. Two lists would differ sooner or later.
#[macro_export]
#[doc(hidden)]
macro_rules! __conformance_cases {
    ([$($then:tt)*]) => {
        $($then)* ! {
            allocate {
                takes_the_lowest_free_address []
                    "`Next` takes the lowest free address of a range, if there are no other callers."
                fills_gaps_from_below [] "`Next` takes the lowest free addresses; they need not be adjacent."
                returns_all_fields_of_an_allocation []
                    "An allocation has space, range, state, key, owner and labels; `find` returns the same allocation."
                generates_a_key_if_none_is_given [] "The provider generates a key for a request without one."
                tries_the_ranges_in_the_order_given []
                    "A line tries its ranges in the order given, and takes a later one only if the earlier ones have \
                    too few free addresses."
                serves_a_line_from_one_range []
                    "All addresses of a line come from one range, the first that has enough."
                falls_back_to_another_family [] "A line may name ranges of IPv4 and of IPv6."
                allocates_each_address_once_until_exhausted []
                    "An address belongs to at most one allocation. `Exhausted` if no range of a line has enough free \
                    addresses."
                takes_nothing_if_too_few_are_free [] "A request that fails changes nothing."
                never_takes_the_gateway [] "`allocate` never takes the gateway of a range."
                never_takes_reserved_addresses [] "`allocate` never takes a reserved address."
                takes_only_addresses_of_the_range [] "Addresses come from the first to the last address of a range."
                never_takes_excluded_addresses [] "`allocate` never takes an address that the line excludes."
                takes_one_exact_address [] "`Exact` takes the named address."
                takes_several_exact_addresses []
                    "`Exact` takes all of the named addresses, or none; `Conflict` if one is taken."
                takes_exact_addresses_from_the_range_that_holds_them []
                    "`Exact` takes the addresses from the range of the line that contains them all."
                refuses_exact_addresses_outside_the_ranges []
                    "`InvalidInput` if no range of the line contains all exact addresses."
                refuses_two_lines_for_one_exact_address [] "`InvalidInput` if two lines name the same exact address."
                never_allocates_one_address_for_two_lines [] "No address is allocated twice within one request."
                returns_one_list_per_line []
                    "The result has one list per line, in the order of the request; each list is in ascending order \
                    of addresses."
                takes_nothing_when_a_later_line_fails [] "A request takes the addresses of all lines, or none."
                requires_every_range_to_exist [] "`NotFound` if one of the ranges does not exist."
                refuses_the_id_of_a_block [Blocks] "`NotFound` if a line names a block: only ranges have addresses."
                uses_both_addresses_of_a_point_to_point_link []
                    "A /31 (RFC 3021) and a /127 (RFC 6164) have two usable addresses."
                uses_the_address_of_a_single_host [] "A /32 and a /128 have one usable address."
                never_takes_network_broadcast_or_anycast_addresses []
                    "Network, broadcast and subnet-router anycast addresses are not usable."
                serves_an_ipv6_subnet [] "A /64 works as any other range."
                takes_contiguous_addresses [Contiguous]
                    "`Contiguous` takes the lowest run of adjacent free addresses that is long enough."
                splits_runs_at_unavailable_addresses [Contiguous]
                    "A run contains no gateway, reservation or excluded address."
                takes_a_contiguous_run_from_one_range [Contiguous]
                    "A run comes from the first range of the line that has one long enough."
                aligns_a_contiguous_run [Contiguous]
                    "`Aligned`: the run starts at a multiple of its length, rounded up to a power of two."
                separates_address_spaces []
                    "An address is unique in one address space; two spaces may have the same address."
            }
            keys {
                returns_the_same_allocations_for_a_repeat []
                    "A repeated request with the same key returns the same allocations, sets `repeated` and takes \
                    nothing more."
                repeats_all_lines [] "A key names the whole request, with all its lines."
                repeats_when_the_range_is_exhausted [] "A repeat needs no free address."
                refuses_another_request_with_the_key [] "`Conflict` if the key belongs to another request."
                compares_keys_byte_by_byte [] "Keys are compared byte by byte."
                keeps_keys_of_the_maximum_length [] "Keys and owners of the maximum length are stored in full."
                refuses_a_repeat_after_partial_deallocation []
                    "`Conflict` if some allocations of the key were deallocated; the message names them."
                reuses_a_key_after_all_are_deallocated [] "A key is free once its last allocation is deallocated."
                releases_the_key_of_a_failed_request [] "A request that fails does not use its key."
                returns_current_allocations_for_a_repeat [Update]
                    "A repeat returns the allocations with their current labels and expiry."
                allocates_once_for_concurrent_equal_requests []
                    "Equal requests with the same key at the same time get the same allocations."
                accepts_one_of_concurrent_different_requests []
                    "Of different requests with the same key at the same time, one succeeds; the others fail with \
                    `Conflict`."
            }
            deallocate {
                deallocates_by_id [] "An id deallocates one allocation; the result lists it."
                deallocates_by_key [] "A key deallocates all allocations of its request."
                deallocates_by_address [] "Range and address deallocate one allocation."
                can_be_repeated [] "What is free already counts as deallocated, so that repeating is safe."
                never_frees_the_next_allocation_by_an_old_id [] "The id of an allocation is never used again."
                reports_unknown_targets_as_free [] "An unknown id or key counts as free."
                returns_one_entry_per_target [] "The result has one entry per target, in the order of the request."
                lists_a_repeated_target_once []
                    "An allocation that several targets name is listed with the first of them."
                keeps_the_address_of_another_owner []
                    "With `Precondition::Owner`, an allocation of another owner is kept and counts as free."
                keeps_the_address_of_another_request []
                    "With `Precondition::Key`, an allocation of another key is kept and counts as free."
                checks_the_precondition_of_each_target [] "The precondition is checked for each target."
                deallocates_addresses_without_owner_and_key []
                    "A precondition holds for an address without owner and key."
                requires_the_range_to_exist [] "`NotFound` if the range of an address target does not exist."
                requires_an_address_of_the_prefix [] "`InvalidInput` if an address is outside the prefix of its range."
                deallocates_only_in_the_named_range []
                    "An address target deallocates in its range only; ranges may share a prefix."
            }
            find {
                applies_every_condition []
                    "An allocation matches if all conditions hold; an unset condition always holds."
                returns_an_empty_page_without_error [] "No match is an empty page, not an error."
                lists_each_allocation_once_in_pages []
                    "The pages list each allocation once, in the same order for every page size."
                lists_lasting_allocations_once_during_changes []
                    "An allocation that exists during the whole listing is listed exactly once, also if others are \
                    added and removed meanwhile."
                refuses_an_unknown_page_token [] "`InvalidInput` for a page token that this provider did not return."
                lists_quarantined_addresses_only_on_request [Policies]
                    "Quarantined addresses are listed only if the request asks for them."
            }
            update {
                changes_only_named_fields [Update] "`update` changes the named fields and keeps all others."
                finds_by_the_new_values [Update] "`find` returns the allocation with its current fields."
                replaces_all_tags [Update Tags] "Tags are stored; an update of the tags replaces all of them."
                requires_the_allocation_to_exist [Update] "`NotFound` if the allocation does not exist, or no longer."
            }
            usage {
                counts_allocated_addresses [Usage]
                    "Allocated, reserved, quarantined and free addresses add up to the total."
                counts_reserved_addresses_once [Usage]
                    "Reserved counts the reservations and the gateway inside the range, each address once."
                counts_quarantined_addresses [Usage Policies] "Quarantined counts the addresses in quarantine."
                counts_a_large_range [Usage] "Counts of an IPv6 subnet are exact."
                returns_ranges_in_the_requested_order [Usage]
                    "The result has one entry per range, in the order of the request."
                requires_every_range_to_exist [Usage] "`NotFound` if a range does not exist."
                counts_the_largest_range [Usage] "Counts are exact up to 2^128 - 1."
            }
            ranges {
                lists_matching_ranges []
                    "`list_ranges` returns the ranges that match the filter; an unknown id is no error."
                describes_a_range [] "A range has its prefix, and its first and last address."
                lists_each_range_once_in_pages []
                    "The pages list each range once, in the same order for every page size."
                lists_lasting_ranges_once_during_changes [DefineRanges]
                    "A range that exists during the whole listing is listed exactly once, also if others are added \
                    and removed meanwhile."
                refuses_an_unknown_page_token [] "`InvalidInput` for a page token that this provider did not return."
                defines_a_range_as_requested [DefineRanges] "`define_range` defines the range and returns it."
                fills_in_defaults [DefineRanges]
                    "Defaults: the name is the id, the space is the default space, the addresses are the usable ones."
                refuses_a_duplicate_id [DefineRanges] "`AlreadyExists` if the id is taken."
                refuses_overlapping_ranges [DefineRanges]
                    "`Conflict` if the addresses overlap those of another range, or the prefixes overlap and differ."
                refuses_an_invalid_range [DefineRanges]
                    "`InvalidInput` if the definition breaks a rule; this is checked before anything else."
                changes_only_named_fields [DefineRanges] "`update_range` changes the named fields and keeps all others."
                allocates_from_the_changed_range [DefineRanges] "`allocate` follows a changed range at once."
                refuses_changes_that_exclude_allocations [DefineRanges]
                    "`Conflict` if an allocated address would be outside the range, the gateway, or reserved."
                removes_a_range [DefineRanges]
                    "`remove_range` removes a range; `Conflict` if it has allocations and the request does not allow \
                    to deallocate them."
                deallocates_part_of_a_key_with_a_range [DefineRanges]
                    "Allocations that are removed with a range count as deallocated."
                lists_by_tags_and_space [DefineRanges]
                    "A range matches if all conditions hold; names are compared with their case."
                defines_one_of_concurrent_duplicates [DefineRanges]
                    "An id and an address belong to one range, for any number of callers."
            }
            preview {
                returns_what_the_next_call_takes [Preview]
                    "`preview_allocate` returns the addresses that `allocate` would take now."
                takes_nothing [Preview] "A preview takes nothing and holds nothing."
                returns_the_allocations_of_a_used_key [Preview]
                    "The preview of a used key returns the addresses of its allocations."
                fails_like_allocate [Preview] "A preview fails with the error that `allocate` would have."
                previews_different_addresses_for_each_line [Preview]
                    "No address is previewed for two lines of one request."
            }
            blocks {
                lists_matching_blocks [Blocks] "`list_blocks` returns the blocks that match the filter."
                lists_each_block_once_in_pages [Blocks]
                    "The pages list each block once, in the same order for every page size; `InvalidInput` for an \
                    unknown page token."
                defines_a_block_as_requested [Blocks DefineBlocks] "`define_block` defines the block and returns it."
                refuses_a_duplicate_id_or_prefix [Blocks DefineBlocks]
                    "`AlreadyExists` if the id is taken, or the space has a block with this prefix."
                refuses_an_invalid_block [Blocks DefineBlocks]
                    "`InvalidInput` if the definition breaks a rule; this is checked before anything else."
                nests_blocks_and_ranges [DefineBlocks DefineRanges]
                    "Blocks may lie in blocks, and ranges in blocks; a range contains no block."
                returns_the_smallest_block_around_a_range [Blocks DefineBlocks DefineRanges]
                    "A range names the smallest block around it; removing a block keeps its ranges."
                changes_only_named_fields [Blocks DefineBlocks]
                    "`update_block` changes the named fields and keeps all others; `NotFound` if the block does not \
                    exist."
            }
            child_prefixes {
                allocates_the_lowest_free_prefix [AllocateRanges]
                    "`allocate_range` takes the lowest free prefix of the length; `Exhausted` if no block has one."
                prefers_the_smallest_free_gap [AllocateRanges]
                    "The prefix comes from the smallest free gap that can hold it, and from the lowest of those."
                describes_the_new_range [AllocateRanges]
                    "The new range has the DNS servers, domains and VLAN of the block, and the usable addresses of \
                    its prefix."
                allocates_addresses_of_the_new_range [AllocateRanges]
                    "A child prefix is a range: `allocate` takes addresses from it."
                allocates_an_exact_prefix [AllocateRanges]
                    "`Conflict` if a part of the exact prefix is taken; `InvalidInput` if none of the blocks \
                    contains it."
                allocates_a_whole_block [AllocateRanges] "A child prefix may be as large as its block."
                never_allocates_a_covered_prefix [AllocateRanges]
                    "A prefix that a range or an inner block covers is not free."
                tries_the_blocks_in_the_order_given [AllocateRanges]
                    "The child prefix comes from the first of the blocks, in the order given, that has a free one."
                tries_every_block_around_an_exact_prefix [AllocateRanges]
                    "An exact prefix comes from the block that has it free, wherever that block is in the order."
                reports_why_no_block_has_the_prefix [AllocateRanges]
                    "`Conflict` if an exact prefix is taken, or covered by an inner block, in every block around it; \
                    `Exhausted` if no block has a free prefix of the length."
                allocates_ipv6_prefixes [AllocateRanges] "IPv6 blocks work as IPv4 blocks."
                refuses_invalid_requests [AllocateRanges]
                    "`InvalidInput` if the prefix length is shorter than the block's; `NotFound` if a block does not \
                    exist."
                repeats_by_key [AllocateRanges] "Keys work as in `allocate`."
                shares_keys_with_allocate [AllocateRanges]
                    "A key belongs to one request, for addresses or for a child prefix."
                deallocates_a_child_prefix [AllocateRanges]
                    "`deallocate_range` removes a child prefix; one that is gone already counts as free."
                keeps_a_range_in_use [AllocateRanges]
                    "`Conflict` if the range has allocations and the request does not allow to deallocate them."
                keeps_the_range_of_another_owner [AllocateRanges]
                    "A range that does not meet the precondition is kept and counts as free."
                refuses_to_deallocate_a_defined_range [AllocateRanges]
                    "`Conflict` if the range was defined, and not allocated from a block."
                allocates_each_prefix_once_under_concurrency [AllocateRanges]
                    "A prefix is allocated at most once, for any number of callers."
            }
            changes {
                lists_changes_in_order [Changes]
                    "The feed lists changes from the oldest to the newest, each with range, owner and key."
                lists_updates_of_allocations [Changes Update] "The feed lists updates of allocations."
                lists_changes_of_ranges [Changes DefineRanges]
                    "The feed lists definitions, updates and removals of ranges, and the allocations removed with them."
                omits_failed_and_repeated_requests [Changes]
                    "Requests that change nothing are not in the feed: failures, repeats, previews."
                is_the_same_for_every_limit [Changes] "The feed lists every change exactly once, for every `limit`."
                returns_the_position_to_continue_from [Changes]
                    "`next` is the position to continue from, also if there is no new change."
                returns_no_changes_for_a_limit_of_zero [Changes]
                    "A `limit` of 0 returns no changes; without `since` it returns the position of the start."
                is_complete_during_concurrent_writes [Changes]
                    "The feed lists every change exactly once, also during concurrent writes."
                refuses_an_unknown_position [Changes] "`InvalidInput` for a position that this provider did not return."
                lists_expired_allocations [Changes Expiry]
                    "The feed lists the expiry of an allocation before the next allocation of its address."
                lists_changes_of_blocks [Changes DefineBlocks AllocateRanges]
                    "The feed lists definitions, updates and removals of blocks, and of their child prefixes."
            }
            policies {
                quarantines_deallocated_addresses [Policies]
                    "A quarantined address is not allocated; `Conflict` if it is named as an exact one."
                reports_quarantined_targets_as_free [Policies] "A quarantined address counts as free for `deallocate`."
                releases_addresses_after_quarantine [Policies] "An address is free again when its quarantine ends."
                allocates_at_random [Policies] "`Random` takes random free addresses."
                finds_the_last_free_address_at_random [Policies] "`Random` finds the last free address of a range."
                allocates_the_least_recently_used_address [Policies]
                    "`LeastRecentlyUsed` takes never used addresses in order, then the one deallocated longest ago."
                quarantines_addresses_forever [Policies DefineRanges] "A quarantine may last forever."
            }
            expiry {
                expires_an_allocation [Expiry]
                    "An expired allocation does not exist for any call, whether or not it was cleaned up."
                releases_the_key_of_expired_allocations [Expiry] "A key is free once its last allocation has expired."
                refuses_a_repeat_after_partial_expiry [Expiry]
                    "`Conflict` if some allocations of the key have expired; the message names them."
                renews_by_update [Expiry Update]
                    "Setting the expiry renews an allocation: the time counts from the update."
                repeats_before_expiry [Expiry] "A repeat returns the same allocations, and does not renew them."
                refuses_an_unrepresentable_expiry [Expiry] "`InvalidInput` if the time of expiry cannot be represented."
            }
            concurrency {
                allocates_each_address_once []
                    "An address of a space belongs to at most one allocation, for any number of callers."
                serves_as_many_callers_as_addresses_are_free [] "As many callers succeed as there are free addresses."
                allocates_an_exact_address_to_one_caller []
                    "One caller gets an exact address; the others fail with `Conflict`."
                never_allocates_a_held_address []
                    "An address is never allocated while it is held, also if other callers allocate and deallocate."
                deallocates_an_allocation_once []
                    "Of several callers that deallocate an allocation, one frees it; the others find it free, or with the \
                     capability `exclusive_deallocate` undeclared may report that they freed it."
                keeps_requests_for_several_ranges_atomic []
                    "A request takes the addresses of all lines, or none, for any number of callers."
                keeps_allocations_while_ranges_are_removed [DefineRanges]
                    "`Conflict`: a range with allocations is not removed, also during concurrent allocations."
            }
            cancellation {
                is_all_or_nothing_with_a_key []
                    "Dropping the future of a call is safe: the call is applied in full, or not at all. `find` by \
                    key shows which."
                undoes_dropped_allocations_without_a_key []
                    "An allocation without a key is undone if the future of its call is dropped."
                undoes_dropped_allocations_under_load []
                    "An allocation without a key is undone if its future is dropped, also while other callers keep \
                    the store busy."
                completes_a_dropped_deallocation_by_repeating []
                    "A dropped `deallocate` can be repeated; what is free already counts as deallocated."
                survives_dropped_reads [] "Dropping the future of a read changes nothing."
            }
            errors {
                checks_without_changing_anything [] "`check` changes nothing."
                keeps_its_capabilities [] "`capabilities` of a provider never change."
                refuses_unsupported_operations [] "An operation without its capability fails with `Unsupported`."
                refuses_invalid_allocate_requests []
                    "A request that breaks a rule fails with `InvalidInput`; the message names field and value."
                validates_requests_first [] "`InvalidInput` comes before every other error."
                refuses_other_invalid_requests []
                    "A request of any operation that breaks a rule fails with `InvalidInput`."
            }
            records {
                lists_whole_requests [ListRecords]
                    "A record has all allocations of a request, with their lines; a request is on exactly one page."
                lists_the_fingerprints_of_requests [ListRecords]
                    "A record has the fingerprint of its request, or the start of it."
                lists_the_number_of_addresses_of_requests [ListRecords]
                    "A record has the number of addresses that its request took, also of those that are deallocated."
                restores_requests [ListRecords RestoreRecords]
                    "A repeat of the request that a record describes returns its allocations."
                restores_the_number_of_addresses_of_requests [ListRecords RestoreRecords]
                    "A repeat of a restored request is a `Conflict` if some of its addresses were deallocated before."
                restores_a_record_once [ListRecords RestoreRecords]
                    "A record that the provider has already is left alone."
                refuses_other_records [ListRecords RestoreRecords]
                    "`Conflict` if an address or a key is in use and differs from the record; nothing is written."
                restores_times_and_labels [ListRecords RestoreRecords Expiry]
                    "Restored allocations have the owner, labels, times and expiry of their records."
                restores_quarantine [ListRecords RestoreRecords Policies]
                    "A quarantined address stays in quarantine until its release time."
                restores_addresses_without_key [RestoreRecords]
                    "An address without key and owner, allocated or reserved, is restored as it is."
                restores_child_prefixes [ListRecords RestoreRecords AllocateRanges]
                    "A range that was allocated from a block is restored with its key, and can be deallocated."
            }
            durable {
                keeps_acknowledged_changes [Durable] "An acknowledged change is kept when the process ends."
                keeps_keys [Durable] "Keys are kept when the process ends."
                keeps_child_prefixes [Durable AllocateRanges] "Child prefixes are kept when the process ends."
            }
            sweep {
                keeps_acknowledged_allocations [Sweep]
                    "`sweep` never undoes an acknowledged allocation, for any `older_than`."
                keeps_child_prefixes [Sweep AllocateRanges] "`sweep` never undoes an acknowledged child prefix."
                keeps_claims_in_progress [Sweep] "`sweep` keeps a claim that may still be completed."
                changes_nothing_in_a_dry_run [Sweep]
                    "With `dry_run` nothing changes; the result lists the claims that a sweep would undo."
                undoes_an_abandoned_claim [Sweep] "`sweep` undoes abandoned claims; repeating is safe."
                stops_at_its_limit [Sweep] "One call undoes at most `limit` claims; `more` says that others remain."
            }
            close {
                can_be_repeated [] "Closing a closed provider is no error."
                works_or_reports_that_it_is_closed []
                    "A call after `close` works, or fails with `Unavailable` and says that the provider was closed."
                keeps_acknowledged_changes [Durable]
                    "After `close`, the files of the store hold every acknowledged change."
                finishes_pending_requests [Durable] "`close` completes the pending requests."
                does_not_affect_other_providers []
                    "`close` does not affect other providers of the same store or server."
            }
        }
    };
}

macro_rules! table {
    ($($group:ident { $($case:ident [$($need:ident)*] $sentence:literal)* })*) => {
        &[$($(
            Case {
                name: concat!(stringify!($group), "::", stringify!($case)),
                sentence: $sentence,
                needs: &[$(Need::$need),*],
                body: |bench| super::$group::$case(bench).boxed(),
            },
        )*)*]
    };
}

pub(super) static CASES: &[Case] = __conformance_cases! { [table] };
