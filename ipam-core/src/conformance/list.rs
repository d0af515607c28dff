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
                answers_everything_about_an_address []
                    "An allocation says space, range, state, key, owner and labels; `find` answers the same."
                makes_a_key_where_none_is_given [] "Without a key the provider makes one."
                tries_the_ranges_in_the_order_given [] "Later ranges are tried only when those before have no room."
                serves_a_line_from_one_range [] "A line is served whole by the first of its ranges that has room."
                falls_back_to_another_family [] "A line may name ranges of both families."
                hands_out_each_address_once_until_none_is_left []
                    "An address belongs to at most one allocation; `Exhausted` when no range of a line has room."
                takes_no_more_than_there_is [] "A request that fails has changed nothing that lasts."
                keeps_the_gateway [] "Never the gateway."
                keeps_reservations [] "Never a reservation."
                stays_between_first_and_last [] "Addresses come from the first to the last of a range."
                leaves_out_excluded_addresses [] "Never an excluded address."
                takes_exactly_one_address [] "`Exact` takes that address."
                takes_exactly_several_addresses []
                    "`Exact` takes those addresses, or none of them; `Conflict` if one is taken."
                takes_exact_addresses_from_the_range_that_holds_them []
                    "`Exact` takes the addresses from the one of its ranges that holds them all."
                refuses_exact_addresses_outside [] "`InvalidInput`: an exact address lies in none of the line's ranges."
                refuses_two_lines_for_one_exact_address [] "`InvalidInput`: two lines ask for the same exact address."
                never_gives_two_lines_the_same_address [] "Never twice, within one request too."
                answers_line_by_line []
                    "The answer has one list per line, in the order asked; each in ascending order of addresses."
                takes_nothing_when_a_later_line_fails [] "Takes addresses: all lines of the request, or none."
                needs_every_range_to_exist [] "`NotFound`: one of the ranges does not exist."
                takes_no_block_for_a_range [Blocks] "`NotFound`, whatever is asked of it: only a range has addresses."
                uses_both_addresses_of_a_point_to_point_link []
                    "A /31 (RFC 3021) and a /127 (RFC 6164) have two usable addresses."
                uses_the_address_of_a_single_host [] "A /32 and a /128 have one usable address."
                leaves_out_what_no_host_may_have []
                    "Network, broadcast and subnet-router anycast addresses are not handed out."
                serves_an_ipv6_subnet [] "A /64 is served as any other range."
                takes_addresses_in_a_row [Contiguous]
                    "`Contiguous`: one after another, the lowest run that is long enough."
                breaks_rows_at_what_it_keeps [Contiguous] "A run has no gateway, reservation or excluded address in it."
                takes_rows_from_one_range_too [Contiguous]
                    "A line is served whole by the first of its ranges that has room for its shape."
                aligns_a_row [Contiguous]
                    "`Aligned`: the first is a multiple of the count rounded up to a power of two."
                keeps_spaces_apart [] "An address is unique in one address space."
            }
            keys {
                answers_a_repeat_with_the_same_allocations []
                    "Repeating a request with the same key answers the same allocations and sets `repeated`; nothing more is taken."
                repeats_all_lines [] "A key names the whole request."
                answers_a_repeat_when_nothing_is_left [] "A repeat takes nothing more, so that it needs no room."
                refuses_another_request_with_the_key [] "`Conflict`: the key belongs to another request."
                tells_two_keys_apart [] "Keys are compared byte by byte."
                keeps_the_longest_key [] "Keys and owners of the greatest length are kept whole."
                refuses_a_repeat_after_some_were_given_back []
                    "`Conflict`: some of the key's allocations were given back, which the text names."
                can_use_a_key_anew []
                    "The key lives until the last of its allocations is given back, and can then be used anew."
                leaves_the_key_free_after_a_failure [] "A request that fails has changed nothing that lasts."
                shows_the_allocations_as_they_are_now [Update] "A repeat answers the same allocations, as they are now."
                has_one_winner_among_equals []
                    "The same request with the same key at the same time: the same allocations."
                has_one_winner_among_rivals [] "Different requests with the same key at the same time: one has it."
            }
            deallocate {
                gives_back_by_id [] "Gives one allocation back, and answers it."
                gives_back_by_key [] "Gives back all that a request took."
                gives_back_by_address [] "Gives back one address of a range."
                can_be_repeated [] "What is free already counts as done, so that repeating is safe."
                never_frees_the_next_allocation_by_an_old_id [] "An id is never used again for another allocation."
                counts_what_nobody_has_as_free [] "An id or a key that nobody has is free already."
                answers_target_by_target [] "The answer has one entry per target, in the order asked."
                lists_what_is_named_twice_once [] "What several targets name is listed with the first of them."
                leaves_another_owners_address_alone []
                    "With `Precondition::Owner`, what carries another's mark is left alone and counts as free."
                leaves_another_requests_address_alone []
                    "With `Precondition::Key`, what carries another's mark is left alone and counts as free."
                frees_only_what_fits_of_a_batch [] "The precondition holds for each target."
                gives_back_what_carries_no_mark [] "With Precondition, what carries no mark is given back."
                needs_the_range_to_exist [] "`NotFound`: the range of an address does not exist."
                needs_the_address_to_be_of_the_range [] "`InvalidInput`: the address lies outside the range's prefix."
                frees_only_in_the_range_named [] "One address of a range; ranges may share a prefix."
            }
            find {
                holds_every_condition [] "All conditions have to hold; an empty one holds for all."
                finds_nothing_without_error [] "Nothing found is no error."
                covers_everything_once_in_pages [] "An order that stays the same from page to page."
                covers_what_lasts_while_others_come_and_go []
                    "The pages together hold each allocation that lasts once, also when others come and go meanwhile."
                refuses_a_page_it_did_not_make [] "`InvalidInput` for a page token that this provider did not make."
                lists_resting_addresses_only_when_asked [Policies] "Paused addresses are listed only when asked for."
            }
            update {
                changes_only_what_is_named [Update]
                    "Changes what is said about an allocation, and never what was not named."
                is_found_by_what_it_was_changed_to [Update] "`find` answers the allocation as it is now."
                changes_tags_as_one [Update Tags] "Tags are kept, and changed all at once."
                needs_the_allocation_to_exist [Update] "`NotFound` if the allocation has ended or never was."
            }
            usage {
                counts_what_is_taken [Usage] "Allocated, reserved, quarantined and free add up to the total."
                counts_what_is_never_handed_out_once [Usage]
                    "Reserved are reservations and the gateway, where they lie inside."
                counts_resting_addresses [Usage Policies] "Quarantined are those that rest."
                counts_a_large_range [Usage] "Counts are exact for an IPv6 subnet too."
                answers_in_the_order_asked [Usage] "One answer per range, in the order asked."
                needs_every_range_to_exist [Usage] "`NotFound` for a range that does not exist."
                counts_the_largest_range [Usage] "Counts are exact up to 2^128 - 1."
            }
            ranges {
                lists_what_matches [] "The ranges that match; ids that do not exist are no error."
                describes_a_range [] "A range says its prefix, and its first and last address."
                covers_every_range_once_in_pages []
                    "The pages together hold each range once, in an order that stays the same."
                covers_what_lasts_while_others_come_and_go [DefineRanges]
                    "The pages together hold each range once, also when other ranges come and go meanwhile."
                refuses_a_page_it_did_not_make [] "`InvalidInput` for a page token that this provider did not make."
                defines_a_range_as_asked [DefineRanges] "Defines a range, and answers it as it is then."
                fills_in_what_was_not_said [DefineRanges]
                    "The name is the id, the space the default one, the addresses the usable ones."
                defines_an_id_once [DefineRanges] "`AlreadyExists`: the id is taken."
                keeps_ranges_disjoint [DefineRanges] "`Conflict`: its addresses or its prefix overlap another range's."
                refuses_a_range_that_cannot_be [DefineRanges]
                    "What no state can make right fails with `InvalidInput` before anything else happens."
                changes_only_what_is_named [DefineRanges] "Changes a range, and never what was not named."
                obeys_a_changed_range [DefineRanges] "`allocate` takes from the range as it is then."
                keeps_what_is_taken_inside [DefineRanges]
                    "`Conflict`: an allocated address would fall outside, become the gateway or a reservation."
                removes_a_range [DefineRanges]
                    "Takes a range away; `Conflict` if addresses are allocated that may not end with it."
                forgets_a_key_in_part_with_a_range [DefineRanges] "What ends with a range is as if it was given back."
                lists_by_tags_and_space [DefineRanges] "All conditions have to hold; names are compared as they are."
                has_one_winner_among_rivals [DefineRanges]
                    "An id and an address are of one range, however many callers there are."
            }
            preview {
                names_what_the_next_call_takes [Preview] "What `allocate` would take now."
                takes_nothing [Preview] "Takes nothing and holds nothing."
                answers_a_used_key_with_what_it_has [Preview] "A key that was used is answered with what it has."
                fails_as_allocate_does [Preview] "Fails as `allocate` does."
                counts_lines_against_each_other [Preview] "The lines of one request share what is free."
            }
            blocks {
                lists_what_matches [Blocks] "The blocks that match."
                covers_every_block_once_in_pages [Blocks]
                    "An order that stays the same from page to page; `InvalidInput` for a foreign token."
                defines_a_block_as_asked [Blocks DefineBlocks] "Defines a block, and answers it as it is then."
                defines_an_id_and_a_prefix_once [Blocks DefineBlocks]
                    "`AlreadyExists`: the id is taken, or the space has a block of this prefix."
                refuses_a_block_that_cannot_be [Blocks DefineBlocks]
                    "What no state can make right fails with `InvalidInput` before anything else happens."
                makes_a_tree_with_the_ranges [DefineBlocks DefineRanges]
                    "Blocks may lie in blocks, ranges in blocks, nothing in a range."
                knows_the_smallest_block_around_a_range [Blocks DefineBlocks DefineRanges]
                    "A range says the smallest block around it; a block that goes leaves its ranges."
                changes_only_what_is_named [Blocks DefineBlocks]
                    "Changes a block, and never what was not named; `NotFound` if there is none."
            }
            child_prefixes {
                carves_the_lowest_free_prefix [AllocateRanges]
                    "The lowest free prefix of the length; `Exhausted` if no block has room."
                leaves_larger_gaps_whole [AllocateRanges] "The lowest free one that leaves the larger gaps whole."
                describes_the_new_range [AllocateRanges]
                    "The new range starts with the block's DNS servers, domains and VLAN, and with the usable addresses of its prefix."
                hands_out_addresses_of_the_new_range [AllocateRanges] "A carved range is a range."
                carves_exactly_one_prefix [AllocateRanges]
                    "`Conflict`: the exact prefix is taken in part or whole; `InvalidInput`: it lies in none of the blocks."
                can_carve_a_whole_block [AllocateRanges] "A prefix may be as long as the block's."
                carves_nothing_that_is_covered [AllocateRanges]
                    "Nothing that a range or an inner block covers is carved again."
                tries_the_blocks_in_the_order_given [AllocateRanges]
                    "Carves a range out of the first block that can give it."
                tries_every_block_around_an_exact_prefix [AllocateRanges]
                    "An exact prefix comes from the first block that can give it, wherever that stands in the order given."
                says_why_no_block_can_give_it [AllocateRanges]
                    "`Conflict` if every block around an exact prefix has given it, or has an inner block there; `Exhausted` if no block has room."
                carves_ipv6 [AllocateRanges] "IPv6 blocks are carved as any other."
                refuses_what_cannot_be [AllocateRanges]
                    "`InvalidInput`: the prefix length is shorter than the block's; `NotFound`: a block does not exist."
                repeats_by_key [AllocateRanges] "Keys work as in `allocate`."
                shares_keys_with_allocate [AllocateRanges]
                    "One key names either a request for addresses or one for a range."
                gives_a_range_back [AllocateRanges] "Gives a carved range back; what is gone already counts as done."
                keeps_a_range_in_use [AllocateRanges]
                    "`Conflict`: addresses of it are allocated, and the request does not say that they may end with it."
                leaves_anothers_range_alone [AllocateRanges]
                    "What carries another's mark is left alone and counts as gone."
                gives_back_only_what_was_carved [AllocateRanges] "`Conflict`: the range was not carved from a block."
                never_carves_twice_at_the_same_time [AllocateRanges]
                    "A prefix is carved at most once, however many callers there are."
            }
            changes {
                tells_what_happened_in_order [Changes] "Oldest first; each says whose address of which range."
                tells_changes_of_labels [Changes Update] "Updates are told."
                tells_changes_of_the_plan [Changes DefineRanges]
                    "Ranges that come, change and go are told, and what ends with them."
                says_nothing_of_what_did_not_happen [Changes] "A request that fails has changed nothing."
                is_the_same_however_it_is_cut [Changes]
                    "No change is left out and none comes twice, however the feed is cut."
                knows_where_to_read_on [Changes] "`next` is where to read on, also when there is nothing new yet."
                answers_no_changes_for_no_limit [Changes]
                    "A `limit` of 0 answers no changes and, with `since` `None`, the position of the start."
                loses_nothing_while_others_write [Changes]
                    "No change is left out and none comes twice, also while others write."
                refuses_a_position_it_did_not_make [Changes]
                    "`InvalidInput` for a position that this provider did not make."
                tells_what_ended_by_itself [Changes Expiry]
                    "An allocation that ended by itself is told, before its address is taken again."
                tells_changes_of_blocks [Changes DefineBlocks AllocateRanges]
                    "Blocks that come, change and go are told, and what is carved from them."
            }
            policies {
                lets_addresses_rest [Policies] "Never an address that rests; `Conflict` for an exact one."
                counts_a_resting_address_as_free_to_give_back [Policies] "What rests was given back already."
                hands_out_rested_addresses_again [Policies] "An address rests for so long, and no longer."
                hands_out_at_random [Policies] "`Random`: a free address at random."
                finds_the_last_address_at_random [Policies] "`Random` finds the last free address, too."
                hands_out_what_rested_longest [Policies]
                    "`LeastRecentlyUsed`: never used ones in order, then the one given back longest ago."
                lets_addresses_rest_for_ever [Policies DefineRanges]
                    "An address rests for as long as the range says, be it for ever."
            }
            expiry {
                ends_an_allocation [Expiry]
                    "An allocation that has expired is gone, whether or not anybody has cleaned up."
                ends_a_key [Expiry] "The key lives until the last of its allocations has expired."
                refuses_a_repeat_after_some_expired [Expiry]
                    "`Conflict`: some of the key's allocations have expired, which the text names."
                renews_by_update [Expiry Update] "Setting the expiry renews: it counts from now."
                repeats_before_the_end [Expiry] "A repeat answers the same allocations."
                refuses_an_expiry_past_the_end_of_time [Expiry]
                    "What no state can make right fails with `InvalidInput`."
            }
            concurrency {
                hands_out_each_address_once []
                    "In one address space an address belongs to at most one allocation, however many callers there are."
                gives_the_last_addresses_to_as_many_callers []
                    "Exactly as many callers are served as there are addresses."
                gives_an_exact_address_to_one_caller [] "`Conflict`: an exact address is taken."
                never_shows_an_address_to_two_holders [] "Never twice, while others take and give back."
                frees_an_allocation_once []
                    "What is free already counts as done: one caller frees, the others find it free."
                keeps_requests_for_several_ranges_whole []
                    "All lines of the request, or none, however many callers there are."
                keeps_addresses_while_ranges_come_and_go [DefineRanges]
                    "`Conflict`: a range whose addresses are allocated is not removed."
            }
            cancellation {
                leaves_all_or_nothing_with_a_key []
                    "Dropping a future is safe: the operation has happened or not; with a key, `find` tells which."
                takes_back_what_nobody_waits_for [] "An allocation without a key whose caller went away is taken back."
                takes_it_back_while_others_work []
                    "An allocation without a key whose caller went away is taken back, however busy the store is."
                finishes_a_deallocation_by_repeating []
                    "Dropping a future is safe; what is free already counts as done."
                survives_callers_that_never_ask_again [] "Dropping a future is safe."
            }
            errors {
                answers_a_check_without_changing_anything [] "`check` changes nothing."
                never_changes_its_claims [] "`capabilities` never changes."
                refuses_what_it_does_not_claim [] "The rest answers `Unsupported`, and `capabilities` says which."
                refuses_bad_requests_for_addresses []
                    "A request that no state can make right fails with `InvalidInput`, which names field and value."
                refuses_bad_requests_before_anything_else [] "`InvalidInput` before anything else happens."
                refuses_other_bad_requests []
                    "A request that no state can make right fails with `InvalidInput`, whatever the operation."
            }
            durable {
                keeps_what_was_answered [Durable] "What was answered stays, also when the process ends."
                keeps_keys [Durable] "Keys outlive the process."
                keeps_carved_ranges [Durable AllocateRanges] "Carved ranges outlive the process."
            }
            sweep {
                keeps_what_was_acknowledged [Sweep]
                    "An acknowledged allocation is never touched, whatever `older_than` says."
                keeps_child_prefixes [Sweep AllocateRanges]
                    "Undoes abandoned child prefixes, and never one that was acknowledged."
                keeps_what_others_are_taking [Sweep] "A claim that may still be completed is left alone."
                changes_nothing_in_a_dry_run [Sweep]
                    "With `dry_run` nothing changes, and the result lists what a sweep would undo."
                undoes_an_abandoned_claim [Sweep] "Undoes abandoned claims; repeating is safe."
                stops_at_its_limit [Sweep] "At most `limit` claims are undone; `more` tells that others are left."
            }
            close {
                can_be_repeated [] "Closing twice is no error."
                works_or_says_that_it_was_closed []
                    "Later calls fail with `Unavailable` and say that the provider was closed, or work."
                keeps_what_was_acknowledged [Durable]
                    "After it, the store's own files hold all that was acknowledged."
                finishes_what_was_requested [Durable] "Finishes what was requested."
                leaves_other_providers_alone [] "Other providers of the same store or server are not affected."
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
