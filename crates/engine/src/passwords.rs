//! Passwords: hashed with Argon2id, at most two at once, and never easy to guess.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use safespace_domain::{Refusal, RefusalCode, accounts};
use tokio::sync::Semaphore;
use zxcvbn::{Score, zxcvbn};

use crate::{EngineError, Fault, keys::random};

/// At most so many are hashed at once: each takes a good deal of memory.
const AT_ONCE: usize = 2;
/// At most so many wait for their turn.
const MOST_WAITING: usize = 32;

/// So many letters and digits a password has beside words that anybody would try for this account and service.
const FEWEST_OF_ONES_OWN: usize = 10;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory, in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl PasswordCost {
    /// What the service uses: 64 MiB, three passes.
    pub const USUAL: Self = Self { memory: 64 * 1024, passes: 3 };
    /// For tests that sign in often and are about something else.
    pub const FOR_TESTS: Self = Self { memory: 64, passes: 1 };
}

/// Hashes passwords, and compares them.
pub(crate) struct Passwords {
    cost: PasswordCost,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// What a password is compared with where there is no account: it takes as long.
    nobody: OnceLock<String>,
    computed: AtomicU64,
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost) -> Self {
        Self {
            cost,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: AtomicUsize::new(0),
            nobody: OnceLock::new(),
            computed: AtomicU64::new(0),
        }
    }

    /// How many hashes were computed so far.
    pub(crate) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// The hash of a password, as a PHC string.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, EngineError> {
        let (argon2, password) = (self.argon2()?, password.to_owned());
        self.in_turn(move || hashed(&argon2, &password)).await?
    }

    /// Whether the password is the one of this hash. Takes as long where there is none, and then it never is.
    pub(crate) async fn fits(&self, password: &str, hash: Option<&str>) -> Result<bool, EngineError> {
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash.to_owned(),
            None => self.nobody()?,
        };
        let password = password.to_owned();
        let fits = self
            .in_turn(move || {
                let hash = PasswordHash::new(&hash);
                hash.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(fits && known)
    }

    /// Whether a hash was made more cheaply than hashes are made now.
    pub(crate) fn is_outdated(&self, hash: &str) -> bool {
        let wanted = format!("m={},t={},p=1", self.cost.memory, self.cost.passes);
        !hash.contains(&wanted)
    }

    fn argon2(&self) -> Result<Argon2<'static>, Fault> {
        let PasswordCost { memory, passes } = self.cost;
        let params = Params::new(memory, passes, 1, None)
            .map_err(|_| Fault::Broken("the cost of passwords is none that Argon2 takes"))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    fn nobody(&self) -> Result<String, EngineError> {
        if let Some(hash) = self.nobody.get() {
            return Ok(hash.clone());
        }
        let secret: [u8; 32] = random()?;
        let hash = hashed(&self.argon2()?, &format!("{secret:?}"))?;
        Ok(self.nobody.get_or_init(|| hash).clone())
    }

    /// Waits for a turn, and works off the threads that answer requests.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let _waiting = Waiting::begin(&self.waiting)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| Fault::Broken("nobody closes the turns at hashing"))?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        // The turn goes with the work, also when the caller hangs up meanwhile.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        Ok(done.await.map_err(|_| Fault::Broken("hashing a password panicked"))?)
    }
}

/// A place in the queue.
struct Waiting<'w>(&'w AtomicUsize);

impl<'w> Waiting<'w> {
    fn begin(waiting: &'w AtomicUsize) -> Result<Self, Refusal> {
        if waiting.fetch_add(1, Ordering::SeqCst) >= MOST_WAITING + AT_ONCE {
            waiting.fetch_sub(1, Ordering::SeqCst);
            return Err(Refusal::new(
                RefusalCode::TooMany,
                "Too many people are signing in at this moment: try again in a few seconds.",
            ));
        }
        Ok(Self(waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn hashed(argon2: &Argon2<'_>, password: &str) -> Result<String, EngineError> {
    let salt: [u8; 16] = random()?;
    let hash: Result<PasswordHash, _> = argon2.hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|_| Fault::Broken("a password could not be hashed"))?.to_string())
}

/// Refuses a password that is too short, too long, or easy to guess: common ones, keys that lie side by side, repeats,
/// the account's own name. Worked out here, without asking anybody.
pub(crate) fn must_be_hard_to_guess(password: &str, about: &[&str]) -> Result<(), Refusal> {
    accounts::must_have_length(password)?;
    let mut about = about.to_vec();
    about.extend(["safespace", "safe space", "refuge", "stevenage", "sada"]);
    let rest = about
        .iter()
        .filter(|word| !word.is_empty())
        .fold(password.to_lowercase(), |rest, word| rest.replace(&word.to_lowercase(), ""));
    let own = rest.chars().filter(|sign| sign.is_alphanumeric()).count();
    // A word that is said twice is no harder for what stands in between, which hides that from the estimate.
    let run_together: String = password.chars().filter(|sign| sign.is_alphanumeric()).collect();
    let is_strong = |text: &str| zxcvbn(text, &about).score() >= Score::Three;
    if own >= FEWEST_OF_ONES_OWN && is_strong(password) && is_strong(&run_together) {
        return Ok(());
    }
    Err(Refusal::bad(
        "password",
        "This password is easy to guess: it is a common one, or made of names, repeats or keys that lie side by side. \
         Take four or five words that have nothing to do with each other.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_argon2id_with_the_cost_that_was_asked_for_and_fits_its_password_only() {
        let passwords = Passwords::new(PasswordCost::USUAL);
        let hash = passwords.hash("four quiet lamps below").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{hash}");
        assert!(passwords.fits("four quiet lamps below", Some(&hash)).await.unwrap());
        assert!(!passwords.fits("four quiet lamps Below", Some(&hash)).await.unwrap());
        assert!(!passwords.fits("four quiet lamps below", None).await.unwrap());
        assert!(!passwords.is_outdated(&hash));
        assert!(Passwords::new(PasswordCost { passes: 4, ..PasswordCost::USUAL }).is_outdated(&hash));
    }

    #[tokio::test]
    async fn nobody_costs_as_much_as_somebody() {
        let passwords = Passwords::new(PasswordCost::FOR_TESTS);
        let hash = passwords.hash("four quiet lamps below").await.unwrap();
        let before = passwords.computed();
        passwords.fits("a guess", Some(&hash)).await.unwrap();
        assert_eq!(passwords.computed(), before + 1);
        passwords.fits("a guess", None).await.unwrap();
        assert_eq!(passwords.computed(), before + 2);
    }

    #[test]
    fn common_passwords_and_patterns_are_refused() {
        for bad in [
            "passwordpassword",
            "password password",
            "password-PASSWORD!",
            "letmein letmein letmein",
            "123456789012345",
            "qwertyuiopasdfgh",
            "aaaaaaaaaaaaaaaaaaaa",
            "night.officer night.officer",
            "iloveyouiloveyou",
        ] {
            assert!(must_be_hard_to_guess(bad, &["night.officer"]).is_err(), "{bad}");
        }
        must_be_hard_to_guess("four quiet lamps below the stair", &["night.officer"]).unwrap();
    }

    #[tokio::test]
    async fn a_crowd_is_told_to_come_back() {
        let passwords = Arc::new(Passwords::new(PasswordCost::FOR_TESTS));
        let _taken: Vec<_> =
            (0..MOST_WAITING + AT_ONCE).map(|_| Waiting::begin(&passwords.waiting).unwrap()).collect();
        let refused = passwords.fits("a guess", None).await.unwrap_err();
        assert!(refused.to_string().contains("Too many"), "{refused}");
    }
}
