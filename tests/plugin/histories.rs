//! Random histories of AllocateIP and DeallocateIP with changing names, orders, ranges, sizes and network cards, cut off at
//! any call: what is held stays, nothing is held twice, nothing leaks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipam_core::{DefineRange, Find, IpamProvider, MemoryProvider};
use ipam_tests::cut::{Cut, CutProvider};
use serde_json::{Value, json};
use vra_client::plugin::{Action, ActionError, Plugin};

use crate::stage::{embedded, simulated};

const MACHINES: [&str; 2] = ["226478cf-fa26-4a5b-9a3f-00000000000a", "226478cf-fa26-4a5b-9a3f-00000000000b"];
const CARDS: usize = 4;

/// Numbers that are the same in every run with the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
        items
    }
}

/// Addresses of one card: range, addresses.
type Addresses = (String, BTreeSet<IpAddr>);

/// State of the IPAM: addresses by machine and card.
type State = BTreeMap<(usize, String), Addresses>;

/// Reads the state, and checks what holds for every one.
async fn state(provider: &dyn IpamProvider) -> State {
    let (mut state, mut seen) = (State::new(), BTreeSet::new());
    for (machine, id) in MACHINES.iter().enumerate() {
        for allocation in provider.find(&Find::default().with_owner(*id)).await.unwrap().items {
            assert!(seen.insert(allocation.address), "{} belongs to two", allocation.address);
            let card = allocation.labels.tags.iter().find(|tag| tag.key == "vra-nic").unwrap().value.clone();
            let range = allocation.range.to_string();
            let of_card = state.entry((machine, card)).or_insert_with(|| (range.clone(), BTreeSet::new()));
            assert_eq!(of_card.0, range, "a card has addresses of two requests");
            of_card.1.insert(allocation.address);
        }
    }
    state
}

struct History {
    provider: Arc<dyn IpamProvider>,
    ranges: Vec<String>,
    numbers: Numbers,
    /// Counts of what happened: to see that every case is met.
    met: BTreeMap<&'static str, usize>,
}

impl History {
    /// Runs an action, perhaps cut off. Returns `None` if it was.
    async fn run(&mut self, action: Action, inputs: &Value) -> Option<Result<Value, ActionError>> {
        if self.numbers.below(3) > 0 {
            return Some(Plugin::new(Arc::clone(&self.provider)).run(action, inputs).await);
        }
        let cut = [Cut::Before, Cut::After, Cut::Death][self.numbers.below(3)];
        let at = u32::try_from(self.numbers.below(6)).unwrap();
        let provider = Arc::new(CutProvider::new(Arc::clone(&self.provider), cut, at));
        let plugin = Plugin::new(Arc::clone(&provider));
        tokio::select! {
            outcome = plugin.run(action, inputs) => (provider.calls() <= at).then_some(outcome),
            () = provider.died() => None,
        }
    }

    fn allocate_inputs(&mut self, machine: usize) -> Value {
        let mut entries = Vec::new();
        for card in 0..CARDS {
            if self.numbers.below(2) == 0 {
                continue;
            }
            let mut ranges = self.numbers.shuffled(self.ranges.clone());
            ranges.truncate(1 + self.numbers.below(ranges.len()));
            let size = [1, 1, 1, 2][self.numbers.below(4)];
            entries.push(json!({"id": format!("card-{card}"), "nicIndex": card, "ipRangeIds": ranges, "size": size}));
        }
        if entries.is_empty() {
            entries.push(json!({"id": "card-0", "nicIndex": 0, "ipRangeIds": self.ranges, "size": 1}));
        }
        let path = ["", "/resources/compute/"][self.numbers.below(2)];
        json!({
            "resourceInfo": {
                "id": format!("{path}{}", MACHINES[machine]), "name": format!("name-{}", self.numbers.below(3)),
                "description": (["a", "b"][self.numbers.below(2)]), "owner": (["jane", "joe"][self.numbers.below(2)]),
            },
            "ipAllocations": self.numbers.shuffled(entries),
        })
    }

    async fn allocate(&mut self) {
        let machine = self.numbers.below(MACHINES.len());
        let inputs = self.allocate_inputs(machine);
        let before = state(&*self.provider).await;
        let outcome = self.run(Action::AllocateIp, &inputs).await;
        let after = state(&*self.provider).await;
        let context = format!("{inputs}\n{before:?}\n{after:?}\n{outcome:?}");
        for (card, addresses) in &before {
            assert_eq!(after.get(card), Some(addresses), "held addresses changed: {context}");
        }
        let entries = inputs["ipAllocations"].as_array().unwrap();
        let card = |entry: &Value| (machine, entry["id"].as_str().unwrap().to_owned());
        let size = |entry: &Value| usize::try_from(entry["size"].as_u64().unwrap()).unwrap();
        let fits = |entry: &Value| {
            before.get(&card(entry)).is_none_or(|(range, addresses)| {
                addresses.len() == size(entry) && entry["ipRangeIds"].as_array().unwrap().contains(&json!(range))
            })
        };
        let missing: BTreeSet<_> = entries.iter().map(card).filter(|card| !before.contains_key(card)).collect();
        let new: BTreeSet<_> = after.keys().filter(|card| !before.contains_key(card)).cloned().collect();
        assert!(new.is_empty() || new == missing, "a part was taken: {context}");
        for entry in entries.iter().filter(|entry| new.contains(&card(entry))) {
            assert_eq!(after[&card(entry)].1.len(), size(entry), "{context}");
        }
        let kind = match outcome {
            None => "cut off",
            Some(Ok(outputs)) => {
                assert!(entries.iter().all(fits), "{context}");
                for (entry, result) in entries.iter().zip(outputs["ipAllocations"].as_array().unwrap()) {
                    let (range, addresses) = &after[&card(entry)];
                    assert_eq!((&result["ipAllocationId"], &result["ipRangeId"]), (&entry["id"], &json!(range)));
                    let listed = result["ipAddresses"].as_array().unwrap().iter();
                    let listed: BTreeSet<IpAddr> = listed.map(|ip| ip.as_str().unwrap().parse().unwrap()).collect();
                    assert_eq!(&listed, addresses, "{context}");
                }
                if new.is_empty() { "all were held" } else { "some were new" }
            }
            Some(Err(error)) => {
                assert!(error.ipam_error().is_some_and(ipam_core::Error::is_conflict), "{context}");
                assert!(!entries.iter().all(fits), "refused without a reason: {context}");
                assert!(new.is_empty(), "{context}");
                "refused"
            }
        };
        *self.met.entry(kind).or_default() += 1;
    }

    async fn deallocate(&mut self) {
        let before = state(&*self.provider).await;
        let machine = self.numbers.below(MACHINES.len());
        let all = self.numbers.below(3) == 0;
        let of_machine = before.iter().filter(|(card, _)| card.0 == machine);
        let chosen: Vec<_> = of_machine.filter(|_| all || self.numbers.below(2) == 0).collect();
        let mut entries = Vec::new();
        for (_, (range, addresses)) in &chosen {
            for address in addresses {
                entries.push(json!({"id": entries.len().to_string(), "ipRangeId": range, "ipAddress": address}));
            }
        }
        let inputs = json!({"resourceInfo": {"id": MACHINES[machine]}, "ipDeallocations": entries});
        // vRA repeats a deallocation that failed.
        while !matches!(self.run(Action::DeallocateIp, &inputs).await, Some(Ok(_))) {}
        let after = state(&*self.provider).await;
        let gone: BTreeSet<_> = chosen.into_iter().map(|(card, _)| card.clone()).collect();
        let left: State = before.into_iter().filter(|(card, _)| !gone.contains(card)).collect();
        assert_eq!(after, left);
        *self.met.entry("deallocated").or_default() += 1;
    }

    async fn play(mut self, steps: usize) {
        let before = used(&*self.provider, &self.ranges).await;
        for _ in 0..steps {
            if self.numbers.below(4) == 0 { self.deallocate().await } else { self.allocate().await }
        }
        for kind in ["all were held", "some were new", "refused", "cut off", "deallocated"] {
            assert!(self.met.get(kind).is_some_and(|count| *count > 0), "never met: {kind}; {:?}", self.met);
        }
        for (card, (range, addresses)) in state(&*self.provider).await {
            for address in addresses {
                let inputs = json!({
                    "resourceInfo": {"id": MACHINES[card.0]},
                    "ipDeallocations": [{"id": "d", "ipRangeId": range, "ipAddress": address}],
                });
                Plugin::new(Arc::clone(&self.provider)).run(Action::DeallocateIp, &inputs).await.unwrap();
            }
        }
        assert_eq!(used(&*self.provider, &self.ranges).await, before, "addresses leaked");
    }
}

/// Returns the number of addresses that are allocated in the ranges.
async fn used(provider: &dyn IpamProvider, ranges: &[String]) -> u128 {
    let ids: Vec<_> = ranges.iter().map(|range| range.as_str().into()).collect();
    provider.usage(&ids).await.unwrap().into_iter().map(|usage| usage.allocated).sum()
}

fn history(provider: Arc<dyn IpamProvider>, ranges: Vec<String>, seed: u64) -> History {
    History { provider, ranges, numbers: Numbers(seed), met: BTreeMap::new() }
}

#[tokio::test]
async fn in_memory() {
    for seed in 0..20 {
        let ipam = MemoryProvider::new();
        for (id, net) in [("12", "10.0.0.0/27"), ("13", "10.0.1.0/27")] {
            ipam.define_range(&DefineRange::new(id, net.parse().unwrap())).await.unwrap();
        }
        history(Arc::new(ipam), vec!["12".to_owned(), "13".to_owned()], seed).play(200).await;
    }
}

#[tokio::test]
async fn in_an_embedded_store() {
    let stage = embedded().await;
    for seed in 0..3 {
        let ranges = vec!["12".to_owned(), "13".to_owned()];
        history(Arc::clone(stage.plugin.provider()), ranges, seed).play(100).await;
    }
}

#[tokio::test]
async fn in_a_phpipam() {
    let (stage, _server) = simulated().await;
    for seed in 0..2 {
        let ranges = vec![stage.ids["12"].clone(), stage.ids["13"].clone()];
        history(Arc::clone(stage.plugin.provider()), ranges, seed).play(80).await;
    }
}
