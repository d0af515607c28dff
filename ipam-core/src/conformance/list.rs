//! Every case: its name, what it needs, and the sentence of the contract that it holds a provider to.

use futures_util::FutureExt;

use super::case::Case;
use super::needs::Need;

/// Makes a `#[test]` of each case, in a module for each group.
///
/// Takes an expression that makes the [`Harness`](crate::conformance::Harness); it is evaluated for each test. The
/// expression sees what is in scope where the macro is used.
#[macro_export]
#[doc(hidden)]
macro_rules! conformance_tests {
    ($harness:expr) => {
        fn __conformance_harness() -> impl $crate::conformance::Harness {
            $harness
        }
        $crate::__conformance_cases! { [$crate::__conformance_tests] }
    };
}

/// The expansion of `tests!` for a list of cases.
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
                        $crate::conformance::check(super::__conformance_harness(), name)
                    }
                )*
            }
        )*
    };
}

/// Hands all cases to another macro: the one list that the table and the tests are made from.
#[macro_export]
#[doc(hidden)]
macro_rules! __conformance_cases {
    ([$($then:tt)*]) => {
        $($then)* ! {
            allocate {
                takes_the_lowest_free_address []
                    "`Next` takes the lowest free address of a range, with nobody else at work."
                fills_gaps_from_below [] "`Next` takes the lowest free addresses, wherever they lie."
                returns_all_fields_of_an_allocation []
                    "An allocation says space, range, state, key, owner and labels; `find` answers the same."
                generates_a_key_if_none_is_given [] "Without a key the provider makes one."
                tries_the_ranges_in_the_order_given [] "Later ranges are tried only when those before have no room."
                serves_a_line_from_one_range [] "A line is served whole by the first of its ranges that has room."
                falls_back_to_another_family [] "A line may name ranges of both families."
                allocates_each_address_once_until_exhausted []
                    "An address belongs to at most one allocation; `Exhausted` when no range of a line has room."
                takes_nothing_if_too_few_are_free [] "A request that fails has changed nothing that lasts."
                never_takes_the_gateway [] "Never the gateway."
                never_takes_reserved_addresses [] "Never a reservation."
                takes_only_addresses_of_the_range [] "Addresses come from the first to the last of a range."
                never_takes_excluded_addresses [] "Never an excluded address."
                takes_one_exact_address [] "`Exact` takes that address."
                takes_several_exact_addresses []
                    "`Exact` takes those addresses, or none of them; `Conflict` if one is taken."
                takes_exact_addresses_from_the_range_that_holds_them []
                    "`Exact` takes the addresses from the one of its ranges that holds them all."
                refuses_exact_addresses_outside_the_ranges [] "`InvalidInput`: an exact address lies in none of the line's ranges."
                refuses_two_lines_for_one_exact_address [] "`InvalidInput`: two lines ask for the same exact address."
                never_allocates_one_address_for_two_lines [] "Never twice, within one request too."
                returns_one_list_per_line []
                    "The answer has one list per line, in the order asked; each in ascending order of addresses."
                takes_nothing_when_a_later_line_fails [] "Takes addresses: all lines of the request, or none."
                requires_every_range_to_exist [] "`NotFound`: one of the ranges does not exist."
                refuses_the_id_of_a_block [Blocks] "`NotFound`, whatever is asked of it: only a range has addresses."
                uses_both_addresses_of_a_point_to_point_link []
                    "A /31 (RFC 3021) and a /127 (RFC 6164) have two usable addresses."
                uses_the_address_of_a_single_host [] "A /32 and a /128 have one usable address."
                never_takes_network_broadcast_or_anycast_addresses []
                    "Network, broadcast and subnet-router anycast addresses are not handed out."
                serves_an_ipv6_subnet [] "A /64 is served as any other range."
                takes_contiguous_addresses [Contiguous]
                    "`Contiguous`: one after another, the lowest run that is long enough."
                splits_runs_at_unavailable_addresses [Contiguous] "A run has no gateway, reservation or excluded address in it."
                takes_a_contiguous_run_from_one_range [Contiguous]
                    "A line is served whole by the first of its ranges that has room for its shape."
                aligns_a_contiguous_run [Contiguous]
                    "`Aligned`: the first is a multiple of the count rounded up to a power of two."
                separates_address_spaces [] "An address is unique in one address space."
            }
            keys {
                returns_the_same_allocations_for_a_repeat []
                    "Repeating a request with the same key answers the same allocations and sets `repeated`; nothing more is taken."
                repeats_all_lines [] "A key names the whole request."
                repeats_when_the_range_is_exhausted [] "A repeat takes nothing more, so that it needs no room."
                refuses_another_request_with_the_key [] "`Conflict`: the key belongs to another request."
                compares_keys_byte_by_byte [] "Keys are compared byte by byte."
                keeps_keys_of_the_maximum_length [] "Keys and owners of the greatest length are kept whole."
                refuses_a_repeat_after_partial_deallocation []
                    "`Conflict`: some of the key's allocations were given back, which the text names."
                reuses_a_key_after_all_are_deallocated []
                    "The key lives until the last of its allocations is given back, and can then be used anew."
                releases_the_key_of_a_failed_request [] "A request that fails has changed nothing that lasts."
                returns_current_allocations_for_a_repeat [Update] "A repeat answers the same allocations, as they are now."
                allocates_once_for_concurrent_equal_requests []
                    "The same request with the same key at the same time: the same allocations."
                accepts_one_of_concurrent_different_requests [] "Different requests with the same key at the same time: one has it."
            }
            deallocate {
                deallocates_by_id [] "Gives one allocation back, and answers it."
                deallocates_by_key [] "Gives back all that a request took."
                deallocates_by_address [] "Gives back one address of a range."
                can_be_repeated [] "What is free already counts as done, so that repeating is safe."
                never_frees_the_next_allocation_by_an_old_id [] "An id is never used again for another allocation."
                reports_unknown_targets_as_free [] "An id or a key that nobody has is free already."
                returns_one_entry_per_target [] "The answer has one entry per target, in the order asked."
                lists_a_repeated_target_once [] "What several targets name is listed with the first of them."
                keeps_the_address_of_another_owner []
                    "With `Precondition::Owner`, what carries another's mark is left alone and counts as free."
                keeps_the_address_of_another_request []
                    "With `Precondition::Key`, what carries another's mark is left alone and counts as free."
                checks_the_precondition_of_each_target [] "The precondition holds for each target."
                deallocates_addresses_without_owner_and_key [] "With Precondition, what carries no mark is given back."
                requires_the_range_to_exist [] "`NotFound`: the range of an address does not exist."
                requires_an_address_of_the_prefix [] "`InvalidInput`: the address lies outside the range's prefix."
                deallocates_only_in_the_named_range [] "One address of a range; ranges may share a prefix."
            }
            find {
                applies_every_condition [] "All conditions have to hold; an empty one holds for all."
                returns_an_empty_page_without_error [] "Nothing found is no error."
                lists_each_allocation_once_in_pages [] "An order that stays the same from page to page."
                lists_lasting_allocations_once_during_changes []
                    "The pages together hold each allocation that lasts once, also when others come and go meanwhile."
                refuses_an_unknown_page_token [] "`InvalidInput` for a page token that this provider did not make."
                lists_quarantined_addresses_only_on_request [Policies] "Paused addresses are listed only when asked for."
            }
            update {
                changes_only_named_fields [Update]
                    "Changes what is said about an allocation, and never what was not named."
                finds_by_the_new_values [Update] "`find` answers the allocation as it is now."
                replaces_all_tags [Update Tags] "Tags are kept, and changed all at once."
                requires_the_allocation_to_exist [Update] "`NotFound` if the allocation has ended or never was."
            }
            usage {
                counts_allocated_addresses [Usage] "Allocated, reserved, quarantined and free add up to the total."
                counts_reserved_addresses_once [Usage]
                    "Reserved are reservations and the gateway, where they lie inside."
                counts_quarantined_addresses [Usage Policies] "Quarantined are those that rest."
                counts_a_large_range [Usage] "Counts are exact for an IPv6 subnet too."
                returns_ranges_in_the_requested_order [Usage] "One answer per range, in the order asked."
                requires_every_range_to_exist [Usage] "`NotFound` for a range that does not exist."
                counts_the_largest_range [Usage] "Counts are exact up to 2^128 - 1."
            }
            ranges {
                lists_matching_ranges [] "The ranges that match; ids that do not exist are no error."
                describes_a_range [] "A range says its prefix, and its first and last address."
                lists_each_range_once_in_pages []
                    "The pages together hold each range once, in an order that stays the same."
                lists_lasting_ranges_once_during_changes [DefineRanges]
                    "The pages together hold each range once, also when other ranges come and go meanwhile."
                refuses_an_unknown_page_token [] "`InvalidInput` for a page token that this provider did not make."
                defines_a_range_as_requested [DefineRanges] "Defines a range, and answers it as it is then."
                fills_in_defaults [DefineRanges]
                    "The name is the id, the space the default one, the addresses the usable ones."
                refuses_a_duplicate_id [DefineRanges] "`AlreadyExists`: the id is taken."
                refuses_overlapping_ranges [DefineRanges] "`Conflict`: its addresses or its prefix overlap another range's."
                refuses_an_invalid_range [DefineRanges]
                    "What no state can make right fails with `InvalidInput` before anything else happens."
                changes_only_named_fields [DefineRanges] "Changes a range, and never what was not named."
                allocates_from_the_changed_range [DefineRanges] "`allocate` takes from the range as it is then."
                refuses_changes_that_exclude_allocations [DefineRanges]
                    "`Conflict`: an allocated address would fall outside, become the gateway or a reservation."
                removes_a_range [DefineRanges]
                    "Takes a range away; `Conflict` if addresses are allocated that may not end with it."
                deallocates_part_of_a_key_with_a_range [DefineRanges] "What ends with a range is as if it was given back."
                lists_by_tags_and_space [DefineRanges] "All conditions have to hold; names are compared as they are."
                defines_one_of_concurrent_duplicates [DefineRanges]
                    "An id and an address are of one range, however many callers there are."
            }
            preview {
                returns_what_the_next_call_takes [Preview] "What `allocate` would take now."
                takes_nothing [Preview] "Takes nothing and holds nothing."
                returns_the_allocations_of_a_used_key [Preview] "A key that was used is answered with what it has."
                fails_like_allocate [Preview] "Fails as `allocate` does."
                previews_different_addresses_for_each_line [Preview] "The lines of one request share what is free."
            }
            blocks {
                lists_matching_blocks [Blocks] "The blocks that match."
                lists_each_block_once_in_pages [Blocks]
                    "An order that stays the same from page to page; `InvalidInput` for a foreign token."
                defines_a_block_as_requested [Blocks DefineBlocks] "Defines a block, and answers it as it is then."
                refuses_a_duplicate_id_or_prefix [Blocks DefineBlocks]
                    "`AlreadyExists`: the id is taken, or the space has a block of this prefix."
                refuses_an_invalid_block [Blocks DefineBlocks]
                    "What no state can make right fails with `InvalidInput` before anything else happens."
                nests_blocks_and_ranges [DefineBlocks DefineRanges]
                    "Blocks may lie in blocks, ranges in blocks, nothing in a range."
                returns_the_smallest_block_around_a_range [Blocks DefineBlocks DefineRanges]
                    "A range says the smallest block around it; a block that goes leaves its ranges."
                changes_only_named_fields [Blocks DefineBlocks]
                    "Changes a block, and never what was not named; `NotFound` if there is none."
            }
            child_prefixes {
                allocates_the_lowest_free_prefix [AllocateRanges]
                    "The lowest free prefix of the length; `Exhausted` if no block has room."
                prefers_the_smallest_free_gap [AllocateRanges] "The lowest free one that leaves the larger gaps whole."
                describes_the_new_range [AllocateRanges]
                    "The new range starts with the block's DNS servers, domains and VLAN, and with the usable addresses of its prefix."
                allocates_addresses_of_the_new_range [AllocateRanges] "A carved range is a range."
                allocates_an_exact_prefix [AllocateRanges]
                    "`Conflict`: the exact prefix is taken in part or whole; `InvalidInput`: it lies in none of the blocks."
                allocates_a_whole_block [AllocateRanges] "A prefix may be as long as the block's."
                never_allocates_a_covered_prefix [AllocateRanges]
                    "Nothing that a range or an inner block covers is carved again."
                tries_the_blocks_in_the_order_given [AllocateRanges]
                    "Carves a range out of the first block that can give it."
                tries_every_block_around_an_exact_prefix [AllocateRanges]
                    "An exact prefix comes from the first block that can give it, wherever that stands in the order given."
                reports_why_no_block_has_the_prefix [AllocateRanges]
                    "`Conflict` if every block around an exact prefix has given it, or has an inner block there; `Exhausted` if no block has room."
                allocates_ipv6_prefixes [AllocateRanges] "IPv6 blocks are carved as any other."
                refuses_invalid_requests [AllocateRanges]
                    "`InvalidInput`: the prefix length is shorter than the block's; `NotFound`: a block does not exist."
                repeats_by_key [AllocateRanges] "Keys work as in `allocate`."
                shares_keys_with_allocate [AllocateRanges]
                    "One key names either a request for addresses or one for a range."
                deallocates_a_child_prefix [AllocateRanges] "Gives a carved range back; what is gone already counts as done."
                keeps_a_range_in_use [AllocateRanges]
                    "`Conflict`: addresses of it are allocated, and the request does not say that they may end with it."
                keeps_the_range_of_another_owner [AllocateRanges]
                    "What carries another's mark is left alone and counts as gone."
                refuses_to_deallocate_a_defined_range [AllocateRanges] "`Conflict`: the range was not carved from a block."
                allocates_each_prefix_once_under_concurrency [AllocateRanges]
                    "A prefix is carved at most once, however many callers there are."
            }
            changes {
                lists_changes_in_order [Changes] "Oldest first; each says whose address of which range."
                lists_updates_of_allocations [Changes Update] "Updates are told."
                lists_changes_of_ranges [Changes DefineRanges]
                    "Ranges that come, change and go are told, and what ends with them."
                omits_failed_and_repeated_requests [Changes] "A request that fails has changed nothing."
                is_the_same_for_every_limit [Changes]
                    "No change is left out and none comes twice, however the feed is cut."
                returns_the_position_to_continue_from [Changes] "`next` is where to read on, also when there is nothing new yet."
                returns_no_changes_for_a_limit_of_zero [Changes]
                    "A `limit` of 0 answers no changes and, with `since` `None`, the position of the start."
                is_complete_during_concurrent_writes [Changes]
                    "No change is left out and none comes twice, also while others write."
                refuses_an_unknown_position [Changes]
                    "`InvalidInput` for a position that this provider did not make."
                lists_expired_allocations [Changes Expiry]
                    "An allocation that ended by itself is told, before its address is taken again."
                lists_changes_of_blocks [Changes DefineBlocks AllocateRanges]
                    "Blocks that come, change and go are told, and what is carved from them."
            }
            policies {
                quarantines_deallocated_addresses [Policies] "Never an address that rests; `Conflict` for an exact one."
                reports_quarantined_targets_as_free [Policies] "What rests was given back already."
                releases_addresses_after_quarantine [Policies] "An address rests for so long, and no longer."
                allocates_at_random [Policies] "`Random`: a free address at random."
                finds_the_last_free_address_at_random [Policies] "`Random` finds the last free address, too."
                allocates_the_least_recently_used_address [Policies]
                    "`LeastRecentlyUsed`: never used ones in order, then the one given back longest ago."
                quarantines_addresses_forever [Policies DefineRanges]
                    "An address rests for as long as the range says, be it for ever."
            }
            expiry {
                expires_an_allocation [Expiry]
                    "An allocation that has expired is gone, whether or not anybody has cleaned up."
                releases_the_key_of_expired_allocations [Expiry] "The key lives until the last of its allocations has expired."
                refuses_a_repeat_after_partial_expiry [Expiry]
                    "`Conflict`: some of the key's allocations have expired, which the text names."
                renews_by_update [Expiry Update] "Setting the expiry renews: it counts from now."
                repeats_before_expiry [Expiry] "A repeat answers the same allocations."
                refuses_an_unrepresentable_expiry [Expiry]
                    "What no state can make right fails with `InvalidInput`."
            }
            concurrency {
                allocates_each_address_once []
                    "In one address space an address belongs to at most one allocation, however many callers there are."
                serves_as_many_callers_as_addresses_are_free []
                    "Exactly as many callers are served as there are addresses."
                allocates_an_exact_address_to_one_caller [] "`Conflict`: an exact address is taken."
                never_allocates_a_held_address [] "Never twice, while others take and give back."
                deallocates_an_allocation_once []
                    "What is free already counts as done: one caller frees, the others find it free."
                keeps_requests_for_several_ranges_atomic []
                    "All lines of the request, or none, however many callers there are."
                keeps_allocations_while_ranges_are_removed [DefineRanges]
                    "`Conflict`: a range whose addresses are allocated is not removed."
            }
            cancellation {
                is_all_or_nothing_with_a_key []
                    "Dropping a future is safe: the operation has happened or not; with a key, `find` tells which."
                undoes_dropped_allocations_without_a_key [] "An allocation without a key whose caller went away is taken back."
                undoes_dropped_allocations_under_load []
                    "An allocation without a key whose caller went away is taken back, however busy the store is."
                completes_a_dropped_deallocation_by_repeating []
                    "Dropping a future is safe; what is free already counts as done."
                survives_dropped_reads [] "Dropping a future is safe."
            }
            errors {
                checks_without_changing_anything [] "`check` changes nothing."
                keeps_its_capabilities [] "`capabilities` never changes."
                refuses_unsupported_operations [] "The rest answers `Unsupported`, and `capabilities` says which."
                refuses_invalid_allocate_requests []
                    "A request that no state can make right fails with `InvalidInput`, which names field and value."
                validates_requests_first [] "`InvalidInput` before anything else happens."
                refuses_other_invalid_requests []
                    "A request that no state can make right fails with `InvalidInput`, whatever the operation."
            }
            durable {
                keeps_acknowledged_changes [Durable] "What was answered stays, also when the process ends."
                keeps_keys [Durable] "Keys outlive the process."
                keeps_child_prefixes [Durable AllocateRanges] "Carved ranges outlive the process."
            }
            sweep {
                keeps_acknowledged_allocations [Sweep]
                    "An acknowledged allocation is never touched, whatever `older_than` says."
                keeps_child_prefixes [Sweep AllocateRanges]
                    "Undoes abandoned child prefixes, and never one that was acknowledged."
                keeps_claims_in_progress [Sweep] "A claim that may still be completed is left alone."
                changes_nothing_in_a_dry_run [Sweep]
                    "With `dry_run` nothing changes, and the result lists what a sweep would undo."
                undoes_an_abandoned_claim [Sweep] "Undoes abandoned claims; repeating is safe."
                stops_at_its_limit [Sweep] "At most `limit` claims are undone; `more` tells that others are left."
            }
            close {
                can_be_repeated [] "Closing twice is no error."
                works_or_reports_that_it_is_closed []
                    "Later calls fail with `Unavailable` and say that the provider was closed, or work."
                keeps_acknowledged_changes [Durable]
                    "After it, the store's own files hold all that was acknowledged."
                finishes_pending_requests [Durable] "Finishes what was requested."
                does_not_affect_other_providers [] "Other providers of the same store or server are not affected."
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
