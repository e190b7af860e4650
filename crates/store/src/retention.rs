//! How long what is kept; what is due; and erasing.

use chrono::{DateTime, NaiveTime, Utc};
use safespace_domain::{
    HouseholdId, Night, ReferralId,
    retention::{RetentionKind, RetentionPolicy},
};
use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

use crate::{Reader, Result, StoreError, Tx};

/// A table of which rows are taken away once they are due: its key, and when which row ended.
struct Rows {
    table: &'static str,
    key: &'static str,
    due: &'static str,
}

/// `$1` is an instant. A question's day is that of its asking, give or take the hour of summer time.
fn rows_of(kind: RetentionKind) -> &'static [Rows] {
    match kind {
        RetentionKind::HouseholdCase | RetentionKind::ReferralDetails => &[],
        RetentionKind::RememberedAnswers => {
            &[Rows { table: "command_key", key: "by_id, idempotency_key", due: "at < $1" }]
        }
        // Who never signs out leaves a session that ended by itself.
        RetentionKind::EndedSessions => {
            &[Rows { table: "session", key: "id", due: "coalesce(ended_at, seen_at) < $1" }]
        }
        RetentionKind::ThrottleCounts => {
            &[Rows { table: "throttle", key: "subject", due: "last_at < $1 AND next_at < $1" }]
        }
        RetentionKind::RoomQuestions => &[Rows { table: "question", key: "id", due: "asked_at < $1" }],
        RetentionKind::Reveals => &[Rows { table: "reveal", key: "id", due: "at < $1" }],
        RetentionKind::SeenNotices => &[Rows { table: "notice", key: "id", due: "seen_at < $1" }],
    }
}

/// Households whose last stay, or the referral that they came by, ended by the day `$1`, or before the instant `$2`.
/// What is still booked or in residence has not ended, nor has a case in which support was given since.
const DUE_CASES: &str = "FROM household h WHERE h.erased_at IS NULL \
    AND NOT EXISTS (SELECT 1 FROM stay s WHERE s.household_id = h.id \
        AND (s.status IN ('booked', 'in_residence') OR s.departure > $1)) \
    AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.household_id = h.id AND hold.status = 'active') \
    AND NOT EXISTS (SELECT 1 FROM referral r WHERE r.household_id = h.id AND coalesce(r.closed_at, r.decided_at) >= $2) \
    AND NOT EXISTS (SELECT 1 FROM support_session g WHERE g.household_id = h.id AND g.withdrawn_at IS NULL \
        AND g.starts_at >= $2) \
    AND (EXISTS (SELECT 1 FROM stay s WHERE s.household_id = h.id) \
        OR EXISTS (SELECT 1 FROM referral r WHERE r.household_id = h.id))";

const DUE_DETAILS: &str = "FROM referral WHERE household_id IS NULL AND (details IS NOT NULL OR needs IS NOT NULL) \
    AND coalesce(decided_at, received_at) < $1";

/// A referral without what it says in words.
const NO_WORDS: &str = "details = NULL, needs = NULL, contact_blind = NULL";

fn begins(day: Night) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

impl<C: ConnectionTrait> Reader<'_, C> {
    fn sql(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.connection.get_database_backend(), sql, values)
    }

    async fn counted(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        let row = self.connection.query_one_raw(self.sql(sql, values)).await?;
        let count = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    async fn ids(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<Uuid>> {
        let rows = self.connection.query_all_raw(self.sql(sql, values)).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// The policies that managers have set.
    pub async fn retention_policies(&self) -> Result<Vec<RetentionPolicy>> {
        let unreadable = || StoreError::Unreadable("retention_policy");
        let all = self.sql("SELECT kind, days FROM retention_policy", []);
        let rows = self.connection.query_all_raw(all).await?;
        let policy = |row: &sea_orm::QueryResult| {
            let kind = row.try_get_by_index::<String>(0)?.parse().map_err(|_| unreadable())?;
            let days = u32::try_from(row.try_get_by_index::<i32>(1)?).map_err(|_| unreadable())?;
            Ok(RetentionPolicy { kind, days })
        };
        rows.iter().map(policy).collect()
    }

    /// How many records of a kind are due that ended by a day.
    pub async fn due(&self, kind: RetentionKind, ended_by: Night) -> Result<u64> {
        let before: Value = begins(ended_by).into();
        match kind {
            RetentionKind::HouseholdCase => {
                self.counted(&format!("SELECT count(*) {DUE_CASES}"), [ended_by.into(), before]).await
            }
            RetentionKind::ReferralDetails => {
                self.counted(&format!("SELECT count(*) {DUE_DETAILS}"), [before]).await
            }
            kind => {
                let mut count = 0;
                for Rows { table, due, .. } in rows_of(kind) {
                    let sql = format!("SELECT count(*) FROM {table} WHERE {due}");
                    count += self.counted(&sql, [before.clone()]).await?;
                }
                Ok(count)
            }
        }
    }

    /// At most so many households, by id, after this one, whose case is due that ended by a day.
    pub async fn due_cases(
        &self,
        ended_by: Night,
        after: Option<HouseholdId>,
        limit: u64,
    ) -> Result<Vec<HouseholdId>> {
        let sql = format!("SELECT h.id {DUE_CASES} AND h.id > $3 ORDER BY h.id LIMIT {limit}");
        let after = after.map_or(Uuid::nil(), |after| after.0);
        let ids = self.ids(&sql, [ended_by.into(), begins(ended_by).into(), after.into()]).await?;
        Ok(ids.into_iter().map(HouseholdId).collect())
    }

    /// Whether a household is due still: read it with the household locked.
    pub async fn is_due_case(&self, household: HouseholdId, ended_by: Night) -> Result<bool> {
        let sql = format!("SELECT count(*) {DUE_CASES} AND h.id = $3");
        let values: [Value; 3] = [ended_by.into(), begins(ended_by).into(), household.0.into()];
        Ok(self.counted(&sql, values).await? > 0)
    }

    /// When a household was erased; none while it is not.
    pub async fn erased_at(&self, household: HouseholdId) -> Result<Option<DateTime<Utc>>> {
        let ask = self.sql("SELECT erased_at FROM household WHERE id = $1", [household.0.into()]);
        let row = self.connection.query_one_raw(ask).await?;
        Ok(row.map(|row| row.try_get_by_index::<Option<DateTime<Utc>>>(0)).transpose()?.flatten())
    }

    /// The referrals that led to this household.
    pub async fn referrals_of(&self, household: HouseholdId) -> Result<Vec<ReferralId>> {
        let sql = "SELECT id FROM referral WHERE household_id = $1 ORDER BY id";
        Ok(self.ids(sql, [household.0.into()]).await?.into_iter().map(ReferralId).collect())
    }
}

impl Tx {
    async fn change(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        Ok(self.connection().execute_raw(statement).await?.rows_affected())
    }

    /// Keeps a policy.
    pub async fn save_retention_policy(&self, saved: RetentionPolicy) -> Result<()> {
        let sql = "INSERT INTO retention_policy (kind, days) VALUES ($1, $2) \
                   ON CONFLICT (kind) DO UPDATE SET days = excluded.days";
        let days = i32::try_from(saved.days).unwrap_or(i32::MAX);
        self.change(sql, [saved.kind.as_str().into(), days.into()]).await?;
        Ok(())
    }

    /// Takes at most so many records of a kind away that ended by a day. Households are erased one by one, by
    /// [`Tx::erase_household`]. Returns how many there were.
    pub async fn take_away(&self, kind: RetentionKind, ended_by: Night, limit: u64) -> Result<u64> {
        let before: Value = begins(ended_by).into();
        if kind == RetentionKind::ReferralDetails {
            let ids = self.reader().ids(&format!("SELECT id {DUE_DETAILS} LIMIT {limit}"), [before]).await?;
            for id in &ids {
                // The referral first: whoever is having its details revealed has locked it, and seals under its key.
                self.change(&format!("UPDATE referral SET {NO_WORDS} WHERE id = $1"), [(*id).into()]).await?;
                self.destroy_data_key(*id).await?;
            }
            return Ok(ids.len() as u64);
        }
        let mut count = 0;
        for Rows { table, key, due } in rows_of(kind) {
            let sql = format!(
                "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {due} LIMIT {limit})"
            );
            count += self.change(&sql, [before.clone()]).await?;
        }
        if kind == RetentionKind::RoomQuestions {
            self.change("DELETE FROM question_count WHERE day < $1", [ended_by.into()]).await?;
        }
        Ok(count)
    }

    /// Destroys a data key: what was sealed under it opens never again.
    pub async fn destroy_data_key(&self, owner: Uuid) -> Result<()> {
        self.change("DELETE FROM data_key WHERE owner = $1", [owner.into()]).await?;
        Ok(())
    }

    /// Gives a household another reference. Lock the household first.
    pub async fn rename_household(&self, household: HouseholdId, reference: &str) -> Result<()> {
        let sql = "UPDATE household SET reference = $1 WHERE id = $2";
        self.change(sql, [reference.into(), household.0.into()]).await?;
        Ok(())
    }

    /// Erases a household: its data key, its details, all reasons about it, what came with its referrals, and its
    /// reference. What stays is nobody's: stays and nights. Lock the household first.
    pub async fn erase_household(
        &self,
        household: HouseholdId,
        anonymous: &str,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let id: Value = household.0.into();
        for referral in self.reader().referrals_of(household).await? {
            self.destroy_data_key(referral.0).await?;
        }
        self.destroy_data_key(household.0).await?;
        for sql in [
            &format!("UPDATE referral SET {NO_WORDS}, imported_as = NULL WHERE household_id = $1"),
            "UPDATE next_step SET note = NULL WHERE household_id = $1",
            "UPDATE support_session SET note = NULL WHERE household_id = $1",
            "UPDATE pack SET words = NULL WHERE household_id = $1",
            "DELETE FROM household_detail WHERE household_id = $1",
            // The name under which a stay was imported begins with the household's reference.
            "UPDATE stay SET imported_as = NULL WHERE household_id = $1 AND imported_as IS NOT NULL",
        ] {
            self.change(sql, [id.clone()]).await?;
        }
        let nothing: Value = Vec::<u8>::new().into();
        for sql in [
            "UPDATE restriction SET reason = $1 WHERE household_id = $2",
            "UPDATE household_conflict SET reason = $1 WHERE household_id = $2",
            "UPDATE household_conflict SET reason = $1 WHERE other_id = $2",
            "UPDATE stay_exception SET reason = $1 WHERE stay_id IN (SELECT id FROM stay WHERE household_id = $2)",
        ] {
            self.change(sql, [nothing.clone(), id.clone()]).await?;
        }
        let sql = "UPDATE household SET reference = $1, erased_at = $2 WHERE id = $3";
        self.change(sql, [anonymous.into(), at.into(), id]).await?;
        Ok(())
    }
}
