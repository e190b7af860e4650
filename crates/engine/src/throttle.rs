//! Throttling of sign-in, per account and per address: each try is counted before it is known whether it fails, so that
//! many at once can't slip through.

use std::net::IpAddr;

use safespace_domain::{
    Refusal, RefusalCode,
    access::Actor,
    throttle::{Throttle, Tries},
};
use safespace_store::{AuditRecord, Tx};

use crate::{Engine, EngineError, keys::Purpose};

/// So many failures in a row are worth a record.
const WORTH_A_RECORD: u32 = 10;

/// What a try is counted for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'s> {
    /// An account, by what names it, whether or not it exists.
    Account(&'s str),
    /// Where somebody calls from.
    Address(IpAddr),
}

impl Subject<'_> {
    fn throttle(self) -> Throttle {
        match self {
            Self::Account(_) => Throttle::ACCOUNT,
            Self::Address(_) => Throttle::ADDRESS,
        }
    }

    /// An office, and a household's line, have one IPv6 prefix of 64 bits.
    fn text(self) -> String {
        match self {
            Self::Account(name) => format!("account {}", name.trim().to_ascii_uppercase()),
            Self::Address(IpAddr::V4(address)) => format!("address {address}"),
            Self::Address(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                Some(address) => format!("address {address}"),
                None => format!("address {:?}", address.segments().get(..4)),
            },
        }
    }
}

/// The one answer to everything that is wrong with a sign-in: it tells nobody which part was.
pub(crate) fn not_good() -> Refusal {
    Refusal::new(
        RefusalCode::NotGood,
        "The name, the password or the code is not right, or there were too many tries. Wait a little, then try again.",
    )
}

impl Engine {
    /// Counts a try for each subject; refused, with nothing tried, where one of them must wait.
    pub(crate) async fn count_try(&self, subjects: &[Subject<'_>]) -> Result<(), EngineError> {
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let mut records = Vec::new();
        for subject in subjects {
            let key = self.vault.code(Purpose::Throttle, subject.text().as_bytes())?;
            let so_far = tx.lock_tries(&key).await?;
            let Some(tries) = subject.throttle().admit(so_far, now) else { return Err(not_good().into()) };
            if !tx.save_tries(&key, tries, so_far).await? {
                // Somebody counted for the same subject at the same moment: that try is the one that goes on.
                return Err(not_good().into());
            }
            if is_worth_a_record(so_far, tries) {
                let detail = serde_json::json!({
                    "subject": if matches!(subject, Subject::Account(_)) { "account" } else { "address" },
                    "failures": tries.failures,
                });
                let record = self.record_of(&Actor::service(), "throttle_sign_in", None);
                records.push(AuditRecord { detail: detail.to_string(), ..record });
            }
        }
        self.record(&tx, &records).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The try was none of an attacker: an account's tries are forgotten. Of an address, behind which others may be trying,
    /// only this one is taken back.
    pub(crate) async fn forgive(&self, subjects: &[Subject<'_>]) -> Result<(), EngineError> {
        let tx = self.store.begin().await?;
        for subject in subjects {
            match subject {
                Subject::Account(_) => self.forget_tries(&tx, *subject).await?,
                Subject::Address(_) => {
                    let key = self.vault.code(Purpose::Throttle, subject.text().as_bytes())?;
                    let Some(tries) = tx.lock_tries(&key).await? else { continue };
                    let fewer = Tries { failures: tries.failures.saturating_sub(1), ..tries };
                    tx.save_tries(&key, fewer, Some(tries)).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Forgets what was counted for a subject.
    pub(crate) async fn forget_tries(&self, tx: &Tx, subject: Subject<'_>) -> Result<(), EngineError> {
        let key = self.vault.code(Purpose::Throttle, subject.text().as_bytes())?;
        Ok(tx.forget_tries(&key).await?)
    }
}

/// One record when it begins to look like an attack, and one for each doubling: not one for each try.
fn is_worth_a_record(so_far: Option<Tries>, tries: Tries) -> bool {
    let before = so_far.map_or(0, |tries| tries.failures);
    let tens = tries.failures / WORTH_A_RECORD;
    tries.failures > before && tries.failures.is_multiple_of(WORTH_A_RECORD) && tens.is_power_of_two()
}
