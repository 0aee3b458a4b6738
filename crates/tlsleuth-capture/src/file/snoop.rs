//! snoop version 2, what Solaris writes (RFC 1761). Numbers are big-endian.
//!
//! ```text
//! file header:   "snoop\0\0\0" 8 | version 4 | datalink type 4
//! packet record: original length 4 | included length 4 | record length 4 | cumulative drops 4
//!                | seconds 4 | microseconds 4 | packet, padded up to the record length
//! ```

use super::Record;
use super::facts::{Damage, FileFormat, Notice, Recorder, ReportedCounts};
use super::input::Input;
use super::order::Order;
use crate::{Error, Limits, LinkType, Timestamp};

const FILE_HEADER_BYTES: usize = 16;
const RECORD_HEADER_BYTES: usize = 24;

/// Reads the records of one snoop file.
#[derive(Debug)]
pub(super) struct Snoop {
    link: LinkType,
}

impl Snoop {
    pub(super) fn open(input: &mut Input, recorder: &mut Recorder) -> Result<Self, Error> {
        let start = input.want(FILE_HEADER_BYTES);
        let numbers = (Order::Big.u32_at(start, 8), Order::Big.u32_at(start, 12));
        let (Some(version), Some(datalink)) = numbers else {
            let found = format!("a snoop file header cut after {} bytes", start.len());
            return Err(Error::Header { found });
        };
        if version != 2 {
            return Err(Error::Header { found: format!("snoop version {version}") });
        }
        let link = match datalink {
            // IEEE 802.3 and Ethernet differ in the type field alone, which tells itself.
            0 | 4 => LinkType::ETHERNET,
            2 => LinkType::IEEE802_5,
            8 => LinkType::FDDI,
            // Solaris' own: IPv4, IPv6 and IPNET (`SNOOP` in sys/dlpi.h).
            0x2600_0004..=0x2600_0006 => LinkType::RAW,
            _ => LinkType::UNKNOWN,
        };
        recorder.format(FileFormat::Snoop);
        recorder.interface();
        recorder.new_link(link);
        input.consume(FILE_HEADER_BYTES);
        Ok(Self { link })
    }

    pub(super) fn next(
        &mut self,
        input: &mut Input,
        recorder: &mut Recorder,
        limits: &Limits,
    ) -> Option<Record> {
        let rest = input.want(RECORD_HEADER_BYTES);
        if rest.is_empty() {
            return None;
        }
        let field = |index: usize| Order::Big.u32_at(rest, index.saturating_mul(4));
        let numbers = (field(0), field(1), field(2), field(3), field(4), field(5));
        let (Some(original), Some(included), Some(length), Some(drops), Some(s), Some(us)) =
            numbers
        else {
            return cut_short(input, recorder, RECORD_HEADER_BYTES);
        };
        let (captured, record_bytes) = (included as usize, length as usize);
        let fits = RECORD_HEADER_BYTES.saturating_add(captured) <= record_bytes;
        if !fits || record_bytes > limits.max_record_bytes {
            let lost_bytes = rest.len() as u64;
            recorder.notice(Notice::Damaged {
                after_frame: recorder.frames(),
                offset: input.offset(),
                damage: Damage::Length,
                lost_bytes,
                resumed: false,
            });
            return None;
        }
        if input.want(record_bytes).len() < record_bytes {
            return cut_short(input, recorder, record_bytes);
        }
        let start = input.place(RECORD_HEADER_BYTES);
        input.consume(record_bytes);
        recorder.reported(ReportedCounts { received: 0, dropped: drops.into() });
        Some(Record {
            start,
            captured: included,
            number: recorder.frames().wrapping_add(1),
            time: Timestamp::from_parts(s.into(), i64::from(us).saturating_mul(1_000)),
            link: self.link,
            interface: 0,
            original_len: original,
        })
    }
}

fn cut_short(input: &Input, recorder: &mut Recorder, wanted: usize) -> Option<Record> {
    recorder.notice(Notice::CutShort {
        after_frame: recorder.frames(),
        offset: input.offset(),
        missing: wanted.saturating_sub(input.rest().len()) as u64,
    });
    None
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use crate::{LinkType, OpenOptions, Timestamp};

    #[test]
    fn records_are_read() {
        let mut file = b"snoop\0\0\0".to_vec();
        for word in [2_u32, 4, 9, 3, 28, 1, 5, 6] {
            file.extend(word.to_be_bytes());
        }
        file.extend(b"abc\0");
        let mut reader = OpenOptions::default().read(Cursor::new(file)).unwrap();
        let frame = reader.next_frame().unwrap().unwrap();
        assert_eq!((frame.data, frame.original_len, frame.link), (&b"abc"[..], 9, LinkType(1)));
        assert_eq!(frame.place.time, Timestamp(5_000_006_000));
        assert!(reader.next_frame().unwrap().is_none());
        assert_eq!(reader.facts().reported.unwrap().dropped, 1);
    }
}
