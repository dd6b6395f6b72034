//! Which GPUs this process may use, in the order in which CUDA numbers them.
//!
//! NVIDIA's library and the kernel list every GPU of the host, by their places on the bus. CUDA lists those that `CUDA_VISIBLE_DEVICES` names, in
//! its order; of GPUs that are divided it uses one slice and nothing else.

use std::env;
use std::ffi::OsStr;

use super::file;
use super::gpu::Gpu;

const DEVICES: &str = "CUDA_VISIBLE_DEVICES";
const ORDER: &str = "CUDA_DEVICE_ORDER";
const BY_BUS: &str = "PCI_BUS_ID";

/// Has CUDA number GPUs by their places on the bus, as everything else does, and not by their speed, unless somebody chose an order. Call
/// it first in `main`: CUDA reads it when it is loaded.
#[allow(unsafe_code)] // The standard library's only way to change the environment.
pub fn order_gpus_by_bus() {
    if env::var_os(ORDER).is_none() {
        // SAFETY: no other thread runs yet that could read the environment meanwhile.
        unsafe { env::set_var(ORDER, BY_BUS) };
    }
}

/// What somebody wants of CUDA, by environment variables.
#[derive(Debug, Clone, Default)]
pub(super) struct Wishes {
    /// `CUDA_VISIBLE_DEVICES`.
    pub devices: Option<String>,
    /// `CUDA_DEVICE_ORDER`.
    pub order: Option<String>,
}

impl Wishes {
    pub(super) fn of_this_process() -> Self {
        let text = |name| env::var_os(name).map(|value: std::ffi::OsString| lossy(&value));
        Self { devices: text(DEVICES), order: text(ORDER) }
    }
}

fn lossy(value: &OsStr) -> String {
    value.to_string_lossy().into_owned()
}

/// A GPU as it is in the host.
#[derive(Debug, Clone, Default)]
pub(super) struct Card {
    pub whole: Gpu,
    /// Into which it is divided, often none; absent where nothing tells.
    pub slices: Option<Vec<Gpu>>,
}

/// What is left of the host's GPUs.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Visible {
    /// CUDA's device 0, 1 and so on.
    pub gpus: Vec<Gpu>,
    /// The others, whole or slices.
    pub hidden: Vec<Gpu>,
    /// What is wrong with the wishes.
    pub warning: Option<String>,
}

impl Visible {
    /// Of cards in the order of the bus.
    pub(super) fn of(cards: Vec<Card>, wishes: &Wishes) -> Self {
        let (mut chosen, mut warning) = match &wishes.devices {
            // Whatever is named: there is nothing that could be hidden.
            _ if cards.is_empty() => (Vec::new(), None),
            Some(text) => named(&cards, text),
            None => ((0..cards.len()).map(|card| first_of(&cards, card)).collect(), None),
        };
        // With a slice among them CUDA sees that alone, and no second one.
        if let Some(slice) = chosen.iter().copied().find(|place| place.slice.is_some()) {
            chosen = vec![slice];
        }
        let is_by_bus = wishes.order.as_deref() == Some(BY_BUS);
        if !is_by_bus && cards.len() > 1 && !chosen.is_empty() {
            let order = wishes.order.as_deref().and_then(file::shown).unwrap_or_else(|| "not set".into());
            warning.get_or_insert(format!(
                "{ORDER} is {order}, so CUDA numbers GPUs otherwise than they are numbered here: name the one to use by its UUID in {DEVICES}"
            ));
        }
        let mut visible = Self { warning, ..Self::default() };
        visible.gpus = chosen.iter().map(|place| place.gpu(&cards).clone()).collect();
        let all = (0..cards.len()).flat_map(|card| all_of(&cards, card));
        visible.hidden = all.filter(|place| !chosen.contains(place)).map(|place| place.gpu(&cards).clone()).collect();
        visible
    }
}

/// A card, or a slice of one, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    card: usize,
    slice: Option<usize>,
}

impl Place {
    fn gpu(self, cards: &[Card]) -> &Gpu {
        let card = &cards[self.card];
        // Both numbers came from the same list.
        self.slice.map_or(&card.whole, |slice| &slices(card)[slice])
    }
}

fn slices(card: &Card) -> &[Gpu] {
    card.slices.as_deref().unwrap_or_default()
}

/// What a process can use of a card: its slices where it is divided.
fn all_of(cards: &[Card], card: usize) -> Vec<Place> {
    match slices(&cards[card]).len() {
        0 => vec![Place { card, slice: None }],
        count => (0..count).map(|slice| Place { card, slice: Some(slice) }).collect(),
    }
}

fn first_of(cards: &[Card], card: usize) -> Place {
    all_of(cards, card)[0]
}

/// Those that a text names, up to the first that there is not: CUDA stops there too. What is wrong with it comes beside.
fn named(cards: &[Card], text: &str) -> (Vec<Place>, Option<String>) {
    let mut chosen = Vec::new();
    for id in text.split(',').map(str::trim) {
        // By these words somebody hides all that follow.
        if id.is_empty() || id.starts_with('-') {
            break;
        }
        let shown = file::shown(id).unwrap_or_default();
        match find(cards, id) {
            None => {
                let said =
                    format!("{DEVICES} names {shown}, which this host does not have; `nvidia-smi -L` lists its GPUs");
                return (chosen, Some(said));
            }
            Some(place) if chosen.contains(&place) => {
                return (Vec::new(), Some(format!("{DEVICES} names {shown} a second time, and so CUDA sees no GPU")));
            }
            Some(place) => chosen.push(place),
        }
    }
    (chosen, None)
}

fn find(cards: &[Card], id: &str) -> Option<Place> {
    let cards_where = |is_it: &dyn Fn(&Card) -> bool| (0..cards.len()).filter(|card| is_it(&cards[*card])).collect();
    if id.starts_with("MIG-") {
        let is_it = |place: &Place| place.slice.is_some() && place.gpu(cards).uuid.as_deref() == Some(id);
        let found = (0..cards.len()).flat_map(|card| all_of(cards, card)).find(is_it);
        return found.or_else(|| only_unknown(cards, cards_where(&|card| card.slices.is_none())));
    }
    if id.starts_with("GPU-") {
        let begins = |card: &Card| card.whole.uuid.as_deref().is_some_and(|uuid| uuid.starts_with(id));
        let found: Vec<usize> = cards_where(&begins);
        return match found[..] {
            [card] => Some(first_of(cards, card)),
            [] => only_unknown(cards, cards_where(&|card| card.whole.uuid.is_none())),
            _ => None,
        };
    }
    let card: usize = id.parse().ok()?;
    (card < cards.len()).then(|| first_of(cards, card))
}

/// An id that nothing tells may be that of the one GPU that keeps its own to itself, as a board does, and a card in a container
/// without NVIDIA's library.
fn only_unknown(cards: &[Card], silent: Vec<usize>) -> Option<Place> {
    match silent[..] {
        [card] => Some(first_of(cards, card)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(uuid: &str) -> Gpu {
        Gpu { model: format!("model of {uuid}"), uuid: Some(uuid.into()), ..Gpu::default() }
    }

    fn card(uuid: &str, slices: &[&str]) -> Card {
        Card { whole: gpu(uuid), slices: Some(slices.iter().copied().map(gpu).collect()) }
    }

    fn cards() -> Vec<Card> {
        ["GPU-1a", "GPU-1b", "GPU-2c"].map(|uuid| card(uuid, &[])).to_vec()
    }

    fn divided() -> Vec<Card> {
        vec![card("GPU-1", &[]), card("GPU-2", &["MIG-3", "MIG-4"]), card("GPU-5", &["MIG-6"])]
    }

    fn look(cards: Vec<Card>, devices: impl Into<Option<&'static str>>) -> Visible {
        Visible::of(cards, &Wishes { devices: devices.into().map(str::to_owned), order: Some(BY_BUS.into()) })
    }

    fn uuids(gpus: &[Gpu]) -> Vec<&str> {
        gpus.iter().map(|gpu| gpu.uuid.as_deref().unwrap_or("-")).collect()
    }

    #[test]
    fn without_a_wish_cuda_numbers_them_as_they_are_listed() {
        let all = look(cards(), None);
        assert_eq!((uuids(&all.gpus), &all.hidden, &all.warning), (vec!["GPU-1a", "GPU-1b", "GPU-2c"], &vec![], &None));
    }

    #[test]
    fn numbers_and_beginnings_of_ids_choose_and_order() {
        for (text, gpus, hidden) in [
            ("0,2", vec!["GPU-1a", "GPU-2c"], vec!["GPU-1b"]),
            (" 2, 0 ", vec!["GPU-2c", "GPU-1a"], vec!["GPU-1b"]),
            ("GPU-2,GPU-1b", vec!["GPU-2c", "GPU-1b"], vec!["GPU-1a"]),
            ("1,-1,0", vec!["GPU-1b"], vec!["GPU-1a", "GPU-2c"]),
            ("-1", vec![], vec!["GPU-1a", "GPU-1b", "GPU-2c"]),
            ("", vec![], vec!["GPU-1a", "GPU-1b", "GPU-2c"]),
        ] {
            let found = look(cards(), text);
            assert_eq!((uuids(&found.gpus), uuids(&found.hidden), found.warning), (gpus, hidden, None), "{text}");
        }
    }

    #[test]
    fn what_there_is_not_is_named_and_ends_the_list() {
        for (text, gpus, named) in [
            ("0,3,1", vec!["GPU-1a"], "names 3,"),
            ("GPU-9", vec![], "names GPU-9,"),
            ("GPU-1", vec![], "names GPU-1,"),
            ("MIG-3,0", vec![], "names MIG-3,"),
            ("NoDevFiles", vec![], "names NoDevFiles,"),
            ("99999999999999999999\u{1b}", vec![], "names 99999999999999999999,"),
            ("1,1", vec![], "names 1 a second time"),
        ] {
            let found = look(cards(), text);
            assert_eq!(uuids(&found.gpus), gpus, "{text}");
            assert!(found.warning.as_ref().is_some_and(|said| said.contains(named)), "{:?}", found.warning);
        }
        assert_eq!(look(vec![], "GPU-9"), Visible::default(), "no GPU is there, whatever is named");
    }

    #[test]
    fn of_divided_gpus_a_process_sees_one_slice_and_nothing_else() {
        for (text, gpus) in [
            (None, "MIG-3"),
            (Some("MIG-4"), "MIG-4"),
            (Some("MIG-6,MIG-3"), "MIG-6"),
            (Some("1"), "MIG-3"),
            (Some("0,GPU-5"), "MIG-6"),
            (Some("0"), "GPU-1"),
        ] {
            let found = look(divided(), text);
            assert_eq!((uuids(&found.gpus), found.hidden.len(), found.warning), (vec![gpus], 3, None), "{text:?}");
        }
        let said = look(divided(), "MIG-7").warning.unwrap();
        assert!(said.starts_with("CUDA_VISIBLE_DEVICES names MIG-7, which this host does not have"), "{said}");
    }

    #[test]
    fn an_id_may_be_that_of_the_one_gpu_that_tells_none() {
        let board = || Card { whole: Gpu { model: "Jetson".into(), ..Gpu::default() }, slices: None };
        for text in [None, Some("0"), Some("GPU-1"), Some("MIG-1")] {
            assert_eq!(look(vec![board()], text).gpus[0].model, "Jetson", "{text:?}");
        }
        let beside = look(vec![board(), card("GPU-1", &[])], "GPU-1");
        assert_eq!(uuids(&beside.gpus), ["GPU-1"]);
        assert_eq!(look(vec![board(), board()], "GPU-1").gpus, [], "it may be either");
    }

    #[test]
    fn another_order_than_that_of_the_bus_is_said_where_it_matters() {
        let warning = |cards, order: Option<&str>| {
            let wishes = Wishes { devices: None, order: order.map(str::to_owned) };
            Visible::of(cards, &wishes).warning
        };
        assert!(warning(cards(), Some("FASTEST_FIRST")).unwrap().starts_with("CUDA_DEVICE_ORDER is FASTEST_FIRST,"));
        assert!(warning(cards(), None).unwrap().starts_with("CUDA_DEVICE_ORDER is not set,"), "that is by speed");
        assert_eq!([warning(cards(), Some(BY_BUS)), warning(vec![card("GPU-1", &[])], None)], [None, None]);
    }
}
