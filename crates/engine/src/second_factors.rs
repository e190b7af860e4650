//! Second factors: time-based one-time codes (RFC 6238), and recovery codes for when the telephone is gone.

use chrono::{DateTime, Utc};
use totp_rs::{Builder, Secret, Totp};

use crate::{Fault, keys::random};

/// How many recovery codes somebody gets.
const RECOVERY_CODES: usize = 10;
/// The signs of recovery codes: none that is easily taken for another.
const SIGNS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
/// How many of them a code has: 120 bits.
const SIGNS_A_CODE: usize = 24;

/// A new second factor, for an authenticator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSecondFactor {
    /// The secret, in base 32, to be typed.
    pub secret: String,
    /// The same as an `otpauth` address, to be read from a picture.
    pub uri: String,
}

/// A secret that nobody has yet, in base 32.
pub(crate) fn new_secret() -> Result<String, Fault> {
    let bytes: [u8; 20] = random()?;
    Ok(Secret::from(bytes).to_base32())
}

fn totp(secret: &str, name: &str) -> Result<Totp, Fault> {
    let broken = Fault::Broken("a second factor's secret can't be read");
    let secret = Secret::try_from_base32(secret).map_err(|_| broken.clone())?;
    let builder = Builder::new().with_secret(secret).with_account_name(name).with_issuer(Some("safespace"));
    builder.build().map_err(|_| broken)
}

/// What an authenticator needs.
pub(crate) fn for_authenticator(secret: &str, name: &str) -> Result<NewSecondFactor, Fault> {
    let uri = totp(secret, name)?.to_url();
    let uri = uri.map_err(|_| Fault::Broken("a second factor has no address"))?;
    Ok(NewSecondFactor { secret: secret.to_owned(), uri })
}

/// The step of a code that is good now, or was a step ago or will be in one: clocks differ.
pub(crate) fn step_of(secret: &str, code: &str, now: DateTime<Utc>) -> Result<Option<i64>, Fault> {
    let code: String = code.chars().filter(|sign| !sign.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(None);
    }
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let step = totp(secret, "x")?.check(&code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// The code of a secret now: for the demonstration and for tests, which have no telephone.
pub fn code_now(secret: &str, now: DateTime<Utc>) -> Result<String, Fault> {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Ok(totp(secret, "x")?.generate(seconds).to_string())
}

/// New recovery codes, in groups of four signs.
pub(crate) fn recovery_codes() -> Result<Vec<String>, Fault> {
    (0..RECOVERY_CODES)
        .map(|_| {
            let bytes: [u8; SIGNS_A_CODE] = random()?;
            let signs: Vec<char> = bytes
                .iter()
                .filter_map(|byte| SIGNS.get(usize::from(byte % 32)))
                .map(|sign| char::from(*sign))
                .collect();
            let groups: Vec<String> = signs.chunks(4).map(|group| group.iter().collect()).collect();
            Ok(groups.join("-"))
        })
        .collect()
}

/// A recovery code, however it was typed.
pub(crate) fn as_typed(code: &str) -> String {
    let plain: String = code.chars().filter(|sign| !sign.is_whitespace() && *sign != '-').collect();
    plain.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_for_its_step_and_the_two_beside_it() {
        let secret = new_secret().unwrap();
        let at = |seconds| DateTime::<Utc>::from_timestamp(1_604_437_200_i64 + seconds, 0).unwrap();
        let code = code_now(&secret, at(0)).unwrap();
        let steps = [-31, -29, 0, 29, 59, 61].map(|seconds| step_of(&secret, &code, at(seconds)).unwrap());
        let step = Some(1_604_437_200 / 30);
        assert_eq!(steps, [None, step, step, step, step, None]);
        assert_eq!(step_of(&secret, "", at(0)).unwrap(), None);
        assert_eq!(step_of(&secret, "12345", at(0)).unwrap(), None);
        assert_eq!(step_of(&secret, "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}", at(0)).unwrap(), None);
    }

    #[test]
    fn what_an_authenticator_reads_says_the_service_and_the_account() {
        let factor = for_authenticator(&new_secret().unwrap(), "night.officer").unwrap();
        assert!(factor.uri.starts_with("otpauth://totp/"), "{}", factor.uri);
        assert!(factor.uri.contains("safespace") && factor.uri.contains(&factor.secret));
    }

    #[test]
    fn recovery_codes_differ_and_are_read_as_they_are_typed() {
        let codes = recovery_codes().unwrap();
        assert_eq!(codes.len(), RECOVERY_CODES);
        let plain: std::collections::BTreeSet<_> = codes.iter().map(|code| as_typed(code)).collect();
        assert_eq!(plain.len(), RECOVERY_CODES);
        assert!(plain.iter().all(|code| code.len() == SIGNS_A_CODE));
        let typed = format!(" {} ", codes[0].to_uppercase().replace('-', " "));
        assert_eq!(as_typed(&typed), as_typed(&codes[0]));
    }
}
