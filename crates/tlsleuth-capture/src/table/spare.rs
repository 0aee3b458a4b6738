//! Buffers of flows that ended, for those that begin: what was just let go is still in the
//! processor's caches, where memory from the allocator has long left them.

use crate::assembler::{Assembler, SpareMarks};
use crate::{Place, SeqNumber};

/// Of each so many at most.
const MOST: usize = 64;

/// Buffers that nobody uses.
#[derive(Default)]
pub(super) struct Spare {
    assemblers: Vec<Box<Assembler>>,
    marks: Vec<SpareMarks>,
}

impl Spare {
    /// A buffer for a stream whose first byte has the number `base`; the first one that was seen, in
    /// frame `floating`, where it is not certain that the stream begins with it.
    pub(super) fn assembler(&mut self, base: SeqNumber, floating: Option<Place>) -> Box<Assembler> {
        let new = match floating {
            Some(at) => Assembler::floating(base, at),
            None => Assembler::new(base),
        };
        let new = new.with_marks(self.marks.pop().unwrap_or_default());
        match self.assemblers.pop() {
            Some(mut spare) => {
                *spare = new;
                spare
            }
            None => Box::new(new),
        }
    }

    /// Takes back the buffer of a stream of which nothing is put in order any more.
    pub(super) fn take(&mut self, mut assembler: Box<Assembler>) {
        self.take_marks(assembler.forget_history());
        if self.assemblers.len() < MOST {
            self.assemblers.push(assembler);
        }
    }

    /// Takes back what was needed to find in the history what came of a stream.
    pub(super) fn take_marks(&mut self, marks: SpareMarks) {
        if self.marks.len() < MOST && marks.is_usual() {
            self.marks.push(marks);
        }
    }
}
