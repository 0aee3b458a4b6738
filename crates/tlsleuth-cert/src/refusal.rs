//! From when on clients refuse what they took before, in seconds since 1970 (each day at 00:00 UTC).

/// 2011-07-01: Mozilla takes no certificate signed over MD5 from then on (Mozilla's "Dates for phasing
/// out MD5-based signatures and 1024-bit moduli").
pub(crate) const MD5: i64 = 1_309_478_400;

/// 2017-01-01: Chrome 56 and Firefox 51 of that month take no public certificate signed over SHA-1
/// (CA/Browser Forum, Baseline Requirements §7.1.3).
pub(crate) const SHA1: i64 = 1_483_228_800;

/// 2012-10-09: Windows refuses RSA keys below 1,024 bits by update (KB2661254).
pub(crate) const RSA_BELOW_1024: i64 = 1_349_740_800;

/// 2014-01-01: the end of RSA keys below 2,048 bits (CA/Browser Forum, Baseline Requirements, appendix
/// A; Mozilla's phasing out of 1024-bit moduli).
pub(crate) const RSA_BELOW_2048: i64 = 1_388_534_400;

/// Clients never agreed to take curves below 224 bits.
pub(crate) const SMALL_CURVE: i64 = i64::MIN;
