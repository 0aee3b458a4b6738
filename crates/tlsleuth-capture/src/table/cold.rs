//! The cold part of a flow: its facts and its buffers.

use crate::assembler::Assembler;
use crate::lone_syn::SynSeed;
use crate::packed::{Pack, Packer, Unpacker};
use crate::transport::TransportFacts;
use crate::{Place, SeqNumber};

/// What only a flow of more than one SYN has.
pub(super) struct Cold {
    pub(super) first: Place,
    /// Apart, for the flow leaves the table without the rest.
    pub(super) facts: Box<TransportFacts>,
    pub(super) assemblers: [Option<Box<Assembler>>; 2],
    /// Of the forward and the reverse stream, whether bytes wait in its buffer: of most streams none
    /// ever do, and then nobody looks into it.
    pub(super) waits: [bool; 2],
    /// Of the same, the number behind the bytes that its buffer handed on, for who does not look into it.
    pub(super) handed_on: [SeqNumber; 2],
    /// For the forward and the reverse stream.
    pub(super) doubtful: [Option<DoubtfulAck>; 2],
    /// Bytes of it came again and were not compared.
    pub(super) not_compared: bool,
}

impl Cold {
    /// Whether the connection opened.
    pub(super) fn opened(&self) -> bool {
        self.facts.forward.data_segments + self.facts.reverse.data_segments > 0
            || self.facts.established.is_some()
    }
}

/// Bytes of a stream that only segments without data acknowledged. Keep-alives, and what answers
/// them in the place of a host, may acknowledge what the host does not have: what it sends next
/// tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct DoubtfulAck {
    /// What was acknowledged before.
    pub(super) before: SeqNumber,
    /// The number of the segment that acknowledged more.
    pub(super) seq: SeqNumber,
}

crate::pack_fields!(DoubtfulAck { before, seq });

impl Pack for Cold {
    fn pack(self, to: &mut Packer) {
        // What was handed on is in the buffers.
        let Self { first, facts, assemblers, waits, handed_on: _, doubtful, not_compared } = self;
        first.pack(to);
        facts.pack(to);
        assemblers.pack(to);
        waits.pack(to);
        doubtful.pack(to);
        not_compared.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let (first, facts) = (Pack::unpack(from)?, Pack::unpack(from)?);
        let assemblers: [Option<Box<Assembler>>; 2] = Pack::unpack(from)?;
        let handed_on = |buffer: &Option<Box<Assembler>>| {
            buffer.as_ref().map_or(SeqNumber(0), |buffer| buffer.next())
        };
        Some(Self {
            first,
            facts,
            handed_on: assemblers.each_ref().map(handed_on),
            assemblers,
            waits: Pack::unpack(from)?,
            doubtful: Pack::unpack(from)?,
            not_compared: Pack::unpack(from)?,
        })
    }
}

/// The cold part of a flow whose first frame is `first`: a SYN with this number, or something else.
#[inline(never)]
pub(super) fn new_cold(first: Place, syn: Option<(SynSeed, SeqNumber)>) -> Box<Cold> {
    let facts = syn.map_or_else(TransportFacts::default, |(seed, isn)| seed.transport(first, isn));
    Box::new(Cold {
        first,
        facts: Box::new(facts),
        assemblers: [None, None],
        waits: [false; 2],
        handed_on: [SeqNumber(0); 2],
        doubtful: [None, None],
        not_compared: false,
    })
}
