//! pcapng: sections of blocks (draft-ietf-opsawg-pcapng).
//!
//! ```text
//! block: type 4 | total length 4 | body | (options) | total length 4
//! ```
//!
//! `pcap-parser` takes the blocks that are rare. The packet blocks are read here: each would cost
//! it a list of options, and there are millions of them. No header reaches it before its length
//! was checked (at least 12, a multiple of 4, no more than is there): in its version 0.17 a process
//! information block of 4 to 11 bytes underflows.

use pcap_parser::pcapng::{Block, NameRecordType, OptionCode};
use pcap_parser::{PcapError, PcapNGOption, parse_option_be, parse_option_le};

use super::facts::{CommentScope, Damage, FileFormat, Notice, Recorder, ReportedCounts};
use super::input::Input;
use super::order::Order;
use super::{Record, SecretsBlock};
use crate::{Address, Error, Limits, LinkType, Timestamp};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const NAME_RESOLUTION: u32 = 4;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const SYSTEMD_JOURNAL: u32 = 9;
const DECRYPTION_SECRETS: u32 = 10;
const CUSTOM: u32 = 0x0bad;
const CUSTOM_NOT_COPIED: u32 = 0x4000_0bad;
/// Type, length, and the length again.
const FRAME_BYTES: usize = 12;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// Reads the blocks of one pcapng file.
#[derive(Debug)]
pub(super) struct Pcapng {
    order: Order,
    /// Those of the current section.
    interfaces: Vec<Interface>,
    /// Interfaces of the sections before.
    interface_base: u32,
    /// Records that Wireshark numbers, so far: frames, and journal entries among them.
    number: u64,
    counts: ReportedCounts,
    /// What the current section's interfaces counted so far: later statistics replace earlier ones.
    section_counts: Vec<Option<ReportedCounts>>,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    /// 0 for none.
    snap_len: u32,
    clock: Clock,
}

/// How an interface counts time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Clock {
    unit: Unit,
    /// `if_tsoffset`, in seconds.
    offset_s: i64,
}

/// `if_tsresol`: the length of one tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unit {
    /// So many nanoseconds.
    Nanoseconds(u32),
    /// This power of ten of a second, finer than a nanosecond.
    TenTo(u8),
    /// This negative power of two of a second.
    TwoTo(u8),
}

impl Unit {
    fn from_option(value: u8) -> Self {
        match value {
            0x80.. => Self::TwoTo(value & 0x7f),
            finer @ 10.. => Self::TenTo(finer),
            power => Self::Nanoseconds(10_u32.saturating_pow(9_u32.saturating_sub(power.into()))),
        }
    }
}

impl Clock {
    const MICROSECONDS: Self = Self { unit: Unit::Nanoseconds(1_000), offset_s: 0 };

    #[inline]
    fn time(self, ticks: u64) -> Timestamp {
        let nanoseconds = match self.unit {
            Unit::Nanoseconds(length) => ticks.saturating_mul(length.into()),
            Unit::TenTo(power) => 10_u64
                .checked_pow(u32::from(power).saturating_sub(9))
                .map_or(0, |divisor| ticks.checked_div(divisor).unwrap_or(0)),
            // At most 2^64 · 10^9, which fits.
            Unit::TwoTo(power) => {
                let scaled = u128::from(ticks).saturating_mul(1_000_000_000);
                u64::try_from(scaled >> power).unwrap_or(u64::MAX)
            }
        };
        let nanoseconds = i64::try_from(nanoseconds).unwrap_or(i64::MAX);
        Timestamp::from_parts(self.offset_s, nanoseconds)
    }
}

/// A block's type and where its body lies behind the current position.
struct Header {
    kind: u32,
    /// The whole block, in bytes.
    total: usize,
}

impl Pcapng {
    pub(super) fn open(
        input: &mut Input,
        recorder: &mut Recorder,
        limits: &Limits,
    ) -> Result<Self, Error> {
        recorder.format(FileFormat::Pcapng);
        let mut pcapng = Self {
            order: Order::Little,
            interfaces: Vec::new(),
            interface_base: 0,
            number: 0,
            counts: ReportedCounts::default(),
            section_counts: Vec::new(),
        };
        let header = |found: &str| Err(Error::Header { found: found.to_owned() });
        match pcapng.header(input, limits) {
            Some(Ok(block)) => {
                if !pcapng.section(input, recorder, &block) {
                    return header("a pcapng section of an unknown version or byte order");
                }
                input.consume(block.total);
                Ok(pcapng)
            }
            _ => {
                let start = input.rest();
                let claimed = pcapng.order.u32_at(start, 4).unwrap_or(u32::MAX) as usize;
                if start.len() < 12 || (start.len() < claimed && claimed <= limits.max_block_bytes)
                {
                    header("a pcapng file cut within its first block")
                } else {
                    header("a pcapng file whose first block has a wrong length or byte order")
                }
            }
        }
    }

    pub(super) fn next(
        &mut self,
        input: &mut Input,
        recorder: &mut Recorder,
        limits: &Limits,
    ) -> Option<Record> {
        loop {
            let block = match self.header(input, limits) {
                Some(Ok(block)) => block,
                Some(Err(())) if self.resume(input, recorder, limits) => continue,
                Some(Err(())) | None => {
                    self.close_section(recorder);
                    return None;
                }
            };
            let found = match block.kind {
                ENHANCED_PACKET => self.packet(input, recorder, limits, &block, false),
                PACKET => self.packet(input, recorder, limits, &block, true),
                SIMPLE_PACKET => self.simple_packet(input, recorder, limits, &block),
                _ => {
                    self.other(input, recorder, limits, &block);
                    Ok(None)
                }
            };
            let record = match found {
                Ok(record) => record,
                Err(damage) => {
                    self.damaged(input, recorder, damage, block.total);
                    None
                }
            };
            input.consume(block.total);
            if record.is_some() {
                return record;
            }
        }
    }

    /// The header of the next block, with the whole block in the window. `Err` when its length
    /// cannot be or the file ends before it; `None` when the file ends here.
    #[inline]
    fn header(&mut self, input: &mut Input, limits: &Limits) -> Option<Result<Header, ()>> {
        let start = input.want(FRAME_BYTES);
        if start.is_empty() {
            return None;
        }
        let Some([t0, t1, t2, t3, l0, l1, l2, l3, m @ ..]) = start.first_chunk::<12>().copied()
        else {
            return Some(Err(()));
        };
        let kind = self.order.u32([t0, t1, t2, t3]);
        if kind == SECTION_HEADER {
            // The one block that says itself in which order it is.
            self.order = match (Order::Little.u32(m), Order::Big.u32(m)) {
                (BYTE_ORDER_MAGIC, _) => Order::Little,
                (_, BYTE_ORDER_MAGIC) => Order::Big,
                _ => return Some(Err(())),
            };
        }
        let claimed = self.order.u32([l0, l1, l2, l3]) as usize;
        if claimed < FRAME_BYTES || claimed > limits.max_block_bytes {
            return Some(Err(()));
        }
        // Some writers forget to count the padding.
        let padded = claimed.next_multiple_of(4);
        let bytes = if start.len() < padded { input.want(padded) } else { start };
        let repeats = |total: usize| {
            self.order
                .u32_at(bytes, total.wrapping_sub(4))
                .is_some_and(|len| len as usize == claimed)
        };
        if repeats(claimed) {
            Some(Ok(Header { kind, total: claimed }))
        } else if repeats(padded) {
            Some(Ok(Header { kind, total: padded }))
        } else {
            Some(Err(()))
        }
    }

    /// An enhanced packet block, or the obsolete packet block, which differs in one word.
    ///
    /// ```text
    /// type 4 | length 4 | interface 4 (obsolete: interface 2, drops 2) | time high 4, low 4
    ///        | captured length 4 | original length 4 | packet, padded | options | length 4
    /// ```
    #[inline]
    fn packet(
        &mut self,
        input: &Input,
        recorder: &mut Recorder,
        limits: &Limits,
        block: &Header,
        obsolete: bool,
    ) -> Result<Option<Record>, Damage> {
        const DATA: usize = 28;
        let bytes = input.rest();
        let order = self.order;
        let field = |offset| order.u32_at(bytes, offset).ok_or(Damage::Content);
        let body_end = block.total.saturating_sub(4);
        if body_end < DATA {
            return Err(Damage::Length);
        }
        let index = match obsolete {
            true => u32::from(order.u16_at(bytes, 8).ok_or(Damage::Content)?),
            false => field(8)?,
        };
        let interface = *self.interfaces.get(index as usize).ok_or(Damage::Interface)?;
        let ticks = (u64::from(field(12)?) << 32) | u64::from(field(16)?);
        let (captured, original_len) = (field(20)?, field(24)?);
        let data_end = DATA.saturating_add(captured as usize);
        if data_end > body_end || captured as usize > limits.max_record_bytes {
            return Err(Damage::Content);
        }
        self.number = self.number.wrapping_add(1);
        let options = data_end.next_multiple_of(4)..body_end;
        if options.len() >= 4 {
            self.packet_comments(bytes.get(options).unwrap_or_default(), recorder);
        }
        Ok(Some(Record {
            start: input.place(DATA),
            captured,
            number: self.number,
            time: interface.clock.time(ticks),
            link: interface.link,
            interface: self.interface_base.saturating_add(index),
            original_len,
        }))
    }

    /// A simple packet block: no time, no captured length, always the first interface.
    ///
    /// ```text
    /// type 4 | length 4 | original length 4 | packet, padded | length 4
    /// ```
    fn simple_packet(
        &mut self,
        input: &Input,
        recorder: &mut Recorder,
        limits: &Limits,
        block: &Header,
    ) -> Result<Option<Record>, Damage> {
        const DATA: usize = 12;
        let original_len = self.order.u32_at(input.rest(), 8).ok_or(Damage::Content)?;
        let interface = self.interfaces.first().ok_or(Damage::Interface)?;
        let room = block.total.saturating_sub(4).checked_sub(DATA).ok_or(Damage::Length)?;
        let snap_len = if interface.snap_len == 0 { u32::MAX } else { interface.snap_len };
        let captured = original_len.min(snap_len).min(u32::try_from(room).unwrap_or(u32::MAX));
        if captured as usize > limits.max_record_bytes {
            return Err(Damage::Content);
        }
        self.number = self.number.wrapping_add(1);
        let time = recorder.previous_time();
        recorder.timeless(self.number, time);
        Ok(Some(Record {
            start: input.place(DATA),
            captured,
            number: self.number,
            time,
            link: interface.link,
            interface: self.interface_base,
            original_len,
        }))
    }

    fn packet_comments(&self, options: &[u8], recorder: &mut Recorder) {
        let mut rest = options;
        while let Some(option) = self.option(&mut rest) {
            match option.code {
                OptionCode::EndOfOpt => break,
                OptionCode::Comment => {
                    recorder.comment(CommentScope::Frame(self.number), value(&option));
                }
                _ => {}
            }
        }
    }

    fn option<'a>(&self, rest: &mut &'a [u8]) -> Option<PcapNGOption<'a>> {
        let parse = match self.order {
            Order::Little => parse_option_le::<PcapError<&[u8]>>,
            Order::Big => parse_option_be::<PcapError<&[u8]>>,
        };
        let (behind, option) = parse(rest).ok()?;
        *rest = behind;
        Some(option)
    }

    /// Any block that is no packet.
    #[cold]
    fn other(
        &mut self,
        input: &mut Input,
        recorder: &mut Recorder,
        limits: &Limits,
        block: &Header,
    ) {
        match block.kind {
            SECTION_HEADER => {
                self.close_section(recorder);
                if !self.section(input, recorder, block) {
                    self.damaged(input, recorder, Damage::Section, block.total);
                }
            }
            INTERFACE_DESCRIPTION if self.interfaces.len() >= limits.max_interfaces => {
                self.damaged(input, recorder, Damage::TooManyInterfaces, block.total);
            }
            INTERFACE_DESCRIPTION | NAME_RESOLUTION | INTERFACE_STATISTICS | DECRYPTION_SECRETS => {
                let known =
                    input.rest().get(..block.total).is_some_and(|bytes| self.rare(bytes, recorder));
                if !known {
                    self.damaged(input, recorder, Damage::Content, block.total);
                }
            }
            // Wireshark (4.0) shows these as frames, so that they take a number; the bare numbers
            // are events of sysdig.
            SYSTEMD_JOURNAL | CUSTOM | CUSTOM_NOT_COPIED | 0x204 | 0x208 | 0x216 | 0x217
            | 0x221 | 0x222 => {
                self.number = self.number.wrapping_add(1);
            }
            _ => {}
        }
    }

    /// Takes a whole block that `pcap-parser` knows; `false` when it does not make sense.
    fn rare(&mut self, bytes: &[u8], recorder: &mut Recorder) -> bool {
        let parse = match self.order {
            Order::Little => pcap_parser::pcapng::parse_block_le,
            Order::Big => pcap_parser::pcapng::parse_block_be,
        };
        let Ok((_, block)) = parse(bytes) else { return false };
        match block {
            Block::InterfaceDescription(block) => {
                let index = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
                let number = self.interface_base.saturating_add(index);
                let mut clock = Clock::MICROSECONDS;
                for option in &block.options {
                    let value = value(option);
                    match (option.code, value) {
                        (OptionCode::EndOfOpt, _) => break,
                        (OptionCode::Comment, _) => {
                            recorder.comment(CommentScope::Interface(number), value);
                        }
                        (OptionCode::IfTsresol, [resolution, ..]) => {
                            clock.unit = Unit::from_option(*resolution);
                        }
                        (OptionCode::IfTsoffset, _) => {
                            if let Some(bytes) = value.first_chunk() {
                                clock.offset_s = self.order.u64(*bytes).cast_signed();
                            }
                        }
                        _ => {}
                    }
                }
                // The registry of link types has 16 bits, and so has the field.
                let link = LinkType(u16::try_from(block.linktype.0).unwrap_or(u16::MAX));
                self.interfaces.push(Interface { link, snap_len: block.snaplen, clock });
                recorder.interface();
            }
            Block::InterfaceStatistics(block) => {
                let count = |wanted| {
                    let found = block.options.iter().find(|option| option.code == wanted)?;
                    Some(self.order.u64(*value(found).first_chunk()?))
                };
                let received = count(OptionCode::IsbIfRecv);
                let dropped = (count(OptionCode::IsbIfDrop), count(OptionCode::IsbOsDrop));
                if received.is_some() || dropped != (None, None) {
                    let counts = ReportedCounts {
                        received: received.unwrap_or(0),
                        dropped: dropped.0.unwrap_or(0).saturating_add(dropped.1.unwrap_or(0)),
                    };
                    self.statistics(block.if_id as usize, counts);
                }
            }
            Block::NameResolution(block) => {
                for record in &block.nr {
                    if let Some((address, names)) = address(record.record_type, record.record_value)
                    {
                        let names = names.split(|byte| *byte == 0);
                        for name in names.filter(|name| !name.is_empty()) {
                            recorder.name(address, name);
                        }
                    }
                }
            }
            Block::DecryptionSecrets(block) => {
                let data = block.data.get(..block.secrets_len as usize).unwrap_or(block.data);
                recorder.secrets(SecretsBlock::new(block.secrets_type.0, data));
            }
            _ => {}
        }
        true
    }

    /// Keeps what an interface counted; later counts replace earlier ones.
    fn statistics(&mut self, interface: usize, counts: ReportedCounts) {
        if interface >= self.interfaces.len() {
            return;
        }
        if self.section_counts.len() <= interface {
            self.section_counts.resize(interface.saturating_add(1), None);
        }
        if let Some(slot) = self.section_counts.get_mut(interface) {
            *slot = Some(counts);
        }
    }

    /// Starts a section; `false` when its version is not known.
    fn section(&mut self, input: &Input, recorder: &mut Recorder, block: &Header) -> bool {
        let Some(bytes) = input.rest().get(..block.total) else { return false };
        // 1.0, and 1.2, which some writers took for the next one.
        if self.order.u16_at(bytes, 12) != Some(1) {
            return false;
        }
        let before = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        self.interface_base = self.interface_base.saturating_add(before);
        self.interfaces.clear();
        if let Ok((_, header)) = pcap_parser::pcapng::parse_sectionheaderblock(bytes) {
            for option in &header.options {
                match option.code {
                    OptionCode::EndOfOpt => break,
                    OptionCode::Comment => recorder.comment(CommentScope::Section, value(option)),
                    _ => {}
                }
            }
        }
        true
    }

    /// Adds up what the section's interfaces counted.
    fn close_section(&mut self, recorder: &mut Recorder) {
        for counts in self.section_counts.drain(..).flatten() {
            self.counts.received = self.counts.received.saturating_add(counts.received);
            self.counts.dropped = self.counts.dropped.saturating_add(counts.dropped);
            recorder.reported(self.counts);
        }
    }

    /// Notes one block that was skipped.
    #[cold]
    fn damaged(&self, input: &Input, recorder: &mut Recorder, damage: Damage, total: usize) {
        recorder.notice(Notice::Damaged {
            after_frame: self.number,
            offset: input.offset(),
            damage,
            lost_bytes: total as u64,
            resumed: true,
        });
    }

    /// Looks for the next block behind a header that cannot be one. `false` when there is none:
    /// then the file is cut or broken, which is noted.
    #[cold]
    fn resume(&mut self, input: &mut Input, recorder: &mut Recorder, limits: &Limits) -> bool {
        let offset = input.offset();
        let left = input.rest();
        let claimed = self.order.u32_at(left, 4).map(|claimed| claimed as usize);
        let sensible =
            claimed.filter(|claimed| (FRAME_BYTES..=limits.max_block_bytes).contains(claimed));
        let missing = match sensible {
            None if left.len() < FRAME_BYTES => FRAME_BYTES.saturating_sub(left.len()),
            None => 0,
            Some(claimed) => claimed.saturating_sub(left.len()),
        };
        let mut resumed = false;
        input.consume(4);
        loop {
            let window = input.want(SEARCH_BYTES);
            if window.len() < FRAME_BYTES {
                let left = window.len();
                input.consume(left);
                break;
            }
            let at_end = window.len() < SEARCH_BYTES;
            let until = if at_end { window.len() } else { SEARCH_STEP };
            let found = (0..until)
                .step_by(4)
                .find(|skip| window.get(*skip..).is_some_and(|from| self.follows(from, limits)));
            input.consume(found.unwrap_or(until));
            if found.is_some() {
                resumed = true;
                break;
            }
        }
        let after_frame = self.number;
        recorder.notice(if missing > 0 && !resumed {
            Notice::CutShort { after_frame, offset, missing: missing as u64 }
        } else {
            let lost_bytes = input.offset().saturating_sub(offset);
            let damage = Damage::Length;
            Notice::Damaged { after_frame, offset, damage, lost_bytes, resumed }
        });
        resumed
    }

    /// Whether a block begins here whose two lengths agree.
    fn follows(&self, from: &[u8], limits: &Limits) -> bool {
        let Some(kind) = self.order.u32_at(from, 0) else { return false };
        let known = matches!(kind, 1..=10 | SECTION_HEADER | CUSTOM | CUSTOM_NOT_COPIED);
        let Some(total) = self.order.u32_at(from, 4).filter(|_| known) else { return false };
        let bytes = total as usize;
        bytes > FRAME_BYTES
            && bytes <= limits.max_block_bytes
            && bytes.is_multiple_of(4)
            && self.order.u32_at(from, bytes.saturating_sub(4)) == Some(total)
    }
}

const SEARCH_STEP: usize = 64 << 10;
const SEARCH_BYTES: usize = 512 << 10;

/// The value of an option, without its padding.
fn value<'a>(option: &'a PcapNGOption<'_>) -> &'a [u8] {
    option.as_bytes().unwrap_or_default()
}

/// The address of a name record, and the names behind it.
fn address(kind: NameRecordType, value: &[u8]) -> Option<(Address, &[u8])> {
    match kind {
        NameRecordType::Ipv4 => {
            value.split_first_chunk::<4>().map(|(bytes, names)| (Address::v4(*bytes), names))
        }
        NameRecordType::Ipv6 => {
            value.split_first_chunk::<16>().map(|(bytes, names)| (Address::v6(*bytes), names))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::OpenOptions;

    /// Writes blocks in one byte order.
    struct Writer {
        big: bool,
        file: Vec<u8>,
    }

    impl Writer {
        fn new(big: bool) -> Self {
            let mut writer = Self { big, file: Vec::new() };
            writer.section();
            writer
        }

        fn u16(&self, value: u16) -> [u8; 2] {
            if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
        }

        fn u32(&self, value: u32) -> [u8; 4] {
            if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
        }

        fn section(&mut self) {
            let mut body = self.u32(BYTE_ORDER_MAGIC).to_vec();
            body.extend(self.u16(1));
            body.extend(self.u16(0));
            body.extend([0xff; 8]);
            self.block(SECTION_HEADER, &body);
        }

        fn block(&mut self, kind: u32, body: &[u8]) {
            let mut body = body.to_vec();
            body.resize(body.len().next_multiple_of(4), 0);
            let total = self.u32(u32::try_from(body.len() + 12).unwrap());
            self.file.extend(self.u32(kind));
            self.file.extend(total);
            self.file.extend(body);
            self.file.extend(total);
        }

        fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
            let mut option = self.u16(code).to_vec();
            option.extend(self.u16(u16::try_from(value.len()).unwrap()));
            option.extend(value);
            option.resize(option.len().next_multiple_of(4), 0);
            option
        }

        fn interface(&mut self, link: u16, options: &[Vec<u8>]) {
            let mut body = self.u16(link).to_vec();
            body.extend([0; 2]);
            body.extend(self.u32(0));
            body.extend(options.concat());
            self.block(INTERFACE_DESCRIPTION, &body);
        }

        fn packet(&mut self, interface: u32, ticks: u64, data: &[u8], options: &[Vec<u8>]) {
            let mut body = Vec::new();
            let len = u32::try_from(data.len()).unwrap();
            let [high, low] = [ticks >> 32, ticks & 0xffff_ffff].map(|x| u32::try_from(x).unwrap());
            for word in [interface, high, low, len, len] {
                body.extend(self.u32(word));
            }
            body.extend(data);
            body.resize(body.len().next_multiple_of(4), 0);
            body.extend(options.concat());
            self.block(ENHANCED_PACKET, &body);
        }

        fn read(self) -> (String, crate::FrameReader) {
            read(self.file)
        }
    }

    fn read(file: Vec<u8>) -> (String, crate::FrameReader) {
        let mut reader = OpenOptions::default().read(Cursor::new(file)).unwrap();
        let mut out = String::new();
        while let Some(frame) = reader.next_frame().unwrap() {
            let (place, text) = (frame.place, String::from_utf8_lossy(frame.data));
            out += &format!("{} {:?} i{} {text}; ", place.frame, place.time, frame.interface);
        }
        (out, reader)
    }

    #[test]
    fn sections_interfaces_and_orders() {
        for big in [false, true] {
            let mut writer = Writer::new(big);
            writer.interface(1, &[]);
            let (resolution, offset) = (writer.option(9, &[9]), {
                let seconds = 100_i64;
                let bytes = if big { seconds.to_be_bytes() } else { seconds.to_le_bytes() };
                writer.option(14, &bytes)
            });
            writer.interface(113, &[resolution, offset]);
            writer.packet(0, 5_000_001, b"a", &[]);
            writer.packet(1, 5_000_000_001, b"b", &[]);
            writer.section();
            writer.interface(101, &[]);
            writer.packet(0, 6_000_000, b"c", &[]);
            let (frames, reader) = writer.read();
            assert_eq!(frames, "1 5.000001000 i0 a; 2 105.000000001 i1 b; 3 6.000000000 i2 c; ");
            assert_eq!(reader.facts().link_types, [LinkType(1), LinkType(113), LinkType(101)]);
            assert_eq!(reader.facts().interfaces, 3);
        }
    }

    #[test]
    fn copies_are_looked_for_from_the_second_interface_on() {
        let packet = |id: u8| {
            let mut packet = vec![0; 12];
            packet.extend([8, 0, 0x45, 0, 0, 41, 0, id, 0x40, 0, 64, 6, 0, 0]);
            packet.extend([10, 0, 0, 1, 10, 0, 0, 2, 0, 80, 1, 0, 0, 0, 0, id, 0, 0, 0, 0]);
            packet.extend([0x50, 0x10, 0, 9, 1, 1, 0, 0, b'x']);
            packet
        };
        let mut writer = Writer::new(false);
        writer.interface(1, &[]);
        for (ticks, id) in [(1_000_000, 1), (1_000_001, 1), (2_000_000, 2)] {
            writer.packet(0, ticks, &packet(id), &[]);
        }
        writer.interface(1, &[]);
        for (interface, ticks, id) in [(0, 3_000_000, 3), (1, 3_000_001, 3), (1, 4_000_000, 4)] {
            writer.packet(interface, ticks, &packet(id), &[]);
        }
        let options = OpenOptions::default();
        let reader = options.read(Cursor::new(writer.file)).unwrap();
        let input = crate::CaptureInput::Reader("-".into(), Box::new(reader));
        let captures = crate::order_captures(vec![input], &options);
        let mut merged = crate::MergedReader::new(captures, options);
        let mut frames = Vec::new();
        while let Some(frame) = merged.next_frame().unwrap() {
            frames.push(frame.place.frame);
        }
        assert_eq!((frames, merged.duplicates()), (vec![1, 2, 3, 4, 6], 1));
    }

    #[test]
    fn resolutions() {
        let time =
            |option, ticks| Clock { unit: Unit::from_option(option), offset_s: 0 }.time(ticks);
        assert_eq!(time(0, 3), Timestamp(3_000_000_000));
        assert_eq!(time(3, 3), Timestamp(3_000_000));
        assert_eq!(time(12, 3_500), Timestamp(3));
        assert_eq!(time(0x7f, u64::MAX), Timestamp(0));
        assert_eq!(time(0x80 | 10, 1536), Timestamp(1_500_000_000));
        assert_eq!(time(0xff, u64::MAX), Timestamp(0));
        assert_eq!(time(0, u64::MAX), Timestamp(i64::MAX));
    }

    #[test]
    fn comments_names_secrets_and_counts() {
        let mut writer = Writer::new(false);
        writer.interface(1, &[writer.option(1, b"lan")]);
        writer.packet(0, 1, b"a", &[writer.option(1, b"here"), writer.option(0, b"")]);
        let mut names = writer.option(1, b"\x0a\0\0\x07db\0alias\0");
        names.extend([0; 4]);
        writer.block(NAME_RESOLUTION, &names);
        let mut secrets = writer.u32(SecretsBlock::TLS_KEY_LOG).to_vec();
        secrets.extend(writer.u32(5));
        secrets.extend(b"CLIEN");
        writer.block(DECRYPTION_SECRETS, &secrets);
        let mut counts = [0; 12].to_vec();
        counts.extend(writer.option(5, &7_u64.to_le_bytes()));
        writer.block(INTERFACE_STATISTICS, &counts);
        let (frames, mut reader) = writer.read();
        assert_eq!(frames, "1 0.000001000 i0 a; ");
        let facts = reader.facts();
        assert_eq!(facts.comments[0].scope, CommentScope::Interface(0));
        assert_eq!(facts.comments[1].scope, CommentScope::Frame(1));
        assert_eq!(facts.comments[1].text, b"here");
        assert_eq!(facts.names[1].name, b"alias");
        assert_eq!(facts.names[1].address, Address::v4([10, 0, 0, 7]));
        assert_eq!(facts.notices, [Notice::Dropped { packets: 7 }]);
        let block = reader.poll_secrets().unwrap();
        assert_eq!((block.kind(), block.data()), (SecretsBlock::TLS_KEY_LOG, &b"CLIEN"[..]));
        assert!(!format!("{block:?}").contains("67"), "no bytes in Debug");
    }

    #[test]
    fn simple_and_obsolete_packets() {
        let mut writer = Writer::new(true);
        writer.interface(1, &[]);
        let mut simple = writer.u32(3).to_vec();
        simple.extend(b"abc");
        writer.block(SIMPLE_PACKET, &simple);
        let mut obsolete = vec![0, 0, 0, 9];
        for word in [0, 1, 2, 2] {
            obsolete.extend(writer.u32(word));
        }
        obsolete.extend(b"de");
        writer.block(PACKET, &obsolete);
        let (frames, reader) = writer.read();
        assert_eq!(frames, "1 0.000000000 i0 abc; 2 0.000001000 i0 de; ");
        assert!(matches!(reader.facts().notices[..], [Notice::Timeless { frames: 1, .. }]));
    }

    #[test]
    fn a_short_process_information_block_is_harmless() {
        for length in 0..12_u8 {
            let mut writer = Writer::new(false);
            writer.file.extend([1, 0, 0, 0x80, length, 0, 0, 0, 0, 0]);
            let (frames, reader) = writer.read();
            assert_eq!((frames.as_str(), reader.facts().notices.len()), ("", 1));
        }
    }

    #[test]
    fn blocks_behind_damage_are_found() {
        let mut writer = Writer::new(false);
        writer.interface(1, &[]);
        writer.packet(0, 1, b"a", &[]);
        let damaged = writer.file.len();
        writer.packet(0, 2, b"b", &[]);
        writer.packet(0, 3, b"c", &[]);
        writer.packet(7, 4, b"d", &[]);
        writer.packet(0, 5, b"e", &[]);
        writer.file[damaged + 4] = 0xff;
        writer.file.truncate(writer.file.len() - 1);
        let (frames, reader) = writer.read();
        assert_eq!(frames, "1 0.000001000 i0 a; 2 0.000003000 i0 c; ");
        let notices = &reader.facts().notices;
        assert!(matches!(
            notices[..],
            [
                Notice::Damaged { after_frame: 1, damage: Damage::Length, resumed: true, .. },
                Notice::Damaged { after_frame: 2, damage: Damage::Interface, .. },
                Notice::CutShort { after_frame: 2, missing: 1, .. },
            ]
        ));
    }
}
