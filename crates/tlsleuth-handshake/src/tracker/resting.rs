//! A tracker in few bytes, while nothing comes of its connection.

use tlsleuth_capture::{pack_aside, pack_fields, pack_variants};

use super::held::Held;
use super::secrets::Opening;
use super::{Mode, Stream, Tracker};
use crate::preamble::Preamble;

pack_aside!(Held, Opening, Preamble);
pack_variants!(Mode { Start, Tls, Plain, Tds, Ssl2 });
pack_fields!(Stream { mode, held, records, joiner, protected, is_heard, gap, bytes, kept });
pack_fields!(Tracker {
    forward,
    reverse,
    roles_known,
    mid_stream,
    preamble,
    preamble_over,
    tls13,
    opening,
    connection,
    settled,
});
