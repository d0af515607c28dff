//! Every case: its name, what it needs, and the sentence of the contract that it holds a provider to.

use futures_util::FutureExt;

use super::needs::Need;
use super::run::Case;

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
                takes_exactly_one_address [] "`Exactly` takes that address."
                takes_exactly_several_addresses []
                    "`Exactly` takes those addresses, or none of them; `Conflict` if one is taken."
                takes_exact_addresses_from_the_range_that_holds_them []
                    "`Exactly` takes the addresses from the one of its ranges that holds them all."
                refuses_exact_addresses_outside [] "`InvalidInput`: an exact address lies in none of the line's ranges."
                refuses_two_lines_for_one_exact_address [] "`InvalidInput`: two lines ask for the same exact address."
                never_gives_two_lines_the_same_address [] "Never twice, within one request too."
                answers_line_by_line []
                    "The answer has one list per line, in the order asked; each in ascending order of addresses."
                takes_nothing_when_a_later_line_fails [] "Takes addresses: all lines of the request, or none."
                needs_every_range_to_exist [] "`NotFound`: one of the ranges does not exist."
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
