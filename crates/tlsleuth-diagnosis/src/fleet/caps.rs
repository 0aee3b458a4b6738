//! What a summary holds at most, and what did not fit.

/// Servers by address, port and name that are summed up; connections of further ones are counted.
pub const MAX_GROUPS: usize = 8_192;
/// Leafs held of one server and name: the bits of a mask.
pub const MAX_LEAFS: usize = 32;
/// Leafs held over all.
pub const MAX_ALL_LEAFS: usize = 32_768;
/// Kinds of hellos held over all.
pub const MAX_HELLOS: usize = 16_384;
/// Kinds of hellos told apart at one server and name: the bits of a mask.
pub const MAX_KINDS: usize = 128;
/// Clients told apart at one server and name.
pub const MAX_CLIENTS: usize = 4_096;
/// Clients told apart over all.
pub const MAX_ALL_CLIENTS: usize = 131_072;
/// Pairs of a client and who answers it, held of one server and name.
pub const MAX_NODES: usize = 64;
/// The same over all.
pub const MAX_ALL_NODES: usize = 131_072;
/// Sizes of hellos told apart over all; of one server and name they get coarser instead.
pub const MAX_ALL_SIZES: usize = 65_536;

/// Connections of which something did not fit under a cap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LeftOut {
    /// They are in no group: more than [`MAX_GROUPS`] servers and names.
    pub groups: u64,
    /// Their client is not told apart.
    pub clients: u64,
    /// Their leaf is not held.
    pub leafs: u64,
    /// Their kind of hello is not told apart.
    pub hellos: u64,
    /// Which node answered is not held.
    pub nodes: u64,
    /// The size of their hello is not held.
    pub sizes: u64,
    /// They are in no ladder or race.
    pub attempts: u64,
}

impl LeftOut {
    /// What was left out: in words, of how many connections, and the cap that was hit.
    pub fn told(&self) -> impl Iterator<Item = (&'static str, u64, usize)> {
        [
            ("servers and names", self.groups, MAX_GROUPS),
            ("clients", self.clients, MAX_CLIENTS),
            ("leaf certificates", self.leafs, MAX_LEAFS),
            ("kinds of hellos", self.hellos, MAX_KINDS),
            ("nodes behind one address", self.nodes, MAX_NODES),
            ("sizes of hellos", self.sizes, MAX_ALL_SIZES),
            ("attempts that may belong together", self.attempts, super::ladder::MAX_PENDING),
        ]
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
    }
}

/// Room that all servers and names share, and what did not fit.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    pub(crate) clients: usize,
    pub(crate) nodes: usize,
    pub(crate) sizes: usize,
    pub(crate) left_out: LeftOut,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            clients: MAX_ALL_CLIENTS,
            nodes: MAX_ALL_NODES,
            sizes: MAX_ALL_SIZES,
            left_out: LeftOut::default(),
        }
    }
}

/// One more.
pub(crate) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

/// Adds to a list that has one entry as a rule, see [`grow`].
pub(crate) fn push<T>(list: &mut Vec<T>, entry: T) {
    grow(list);
    list.push(entry);
}

/// Makes room for one more: the first entry takes the room of one, and a list that is full grows by
/// half. There are some ten lists for each server and name, and doubling them would waste as much as
/// they hold.
pub(crate) fn grow<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() / 2).max(1));
    }
}
