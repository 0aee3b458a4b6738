//! Says why a TLS handshake failed, from a packet capture.
//!
//! The [`Analyzer`] takes frames and gives connections, each with its facts and its verdict. It does
//! no input and output and asks no clock:
//!
//! ```
//! use tlsleuth::{Analyzer, Event, FrameReader, Options, OpenOptions};
//!
//! # let file = std::io::Cursor::new(vec![
//! #     0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0,
//! # ]);
//! let mut frames = OpenOptions::default().read(file)?;
//! let mut analyzer = Analyzer::new(Options::default());
//! let tell = |event| {
//!     if let Event::Connection(analyzed) = event {
//!         println!("{:?}", analyzed.diagnosis.verdict());
//!     }
//! };
//! while let Some(frame) = frames.next_frame()? {
//!     analyzer.push_frame(&frame); // never fails
//!     while let Some(event) = analyzer.poll() {
//!         tell(event); // as they are judged, so that memory does not grow with the capture
//!     }
//! }
//! analyzer.finish();
//! while let Some(event) = analyzer.poll() {
//!     tell(event);
//! }
//! # Ok::<(), tlsleuth::capture::Error>(())
//! ```

pub mod analyzer;
mod examiner;
mod follower;
mod knowledge;
pub mod log;
mod unread;

pub use analyzer::{Analyzed, Analyzer, Counts, Event, Options};
pub use examiner::Examiner;
pub use follower::{Ended, Follower};
pub use tlsleuth_capture as capture;
pub use tlsleuth_capture::{Frame, FrameReader, LinkType, Located, OpenOptions, Place, Timestamp};
pub use tlsleuth_cert as cert;
pub use tlsleuth_diagnosis as diagnosis;
pub use tlsleuth_handshake as handshake;
#[cfg(feature = "keylog")]
pub use tlsleuth_keylog as keylog;
pub use unread::{MAX_UNREAD, Unread};
