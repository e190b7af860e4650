//! How a command is carried out: authorised, once per idempotency key, in one transaction with its audit record, and
//! tried again where another command came first.

use std::{pin::Pin, sync::Arc};

use safespace_domain::{
    Refusal, RefusalCode, access::Actor, clock::service_day, holds::HoldState, households::Household,
    key_workers::KeyWorker, restrictions::Restriction, support::SupportSession,
};
use safespace_store::{PastCommand, StoreError};
use serde::{Deserialize, Serialize};

use crate::{
    BoardChange, Command, Engine, EngineError, Fault, Outcome,
    work::{Done, Failure, Work},
};

/// The longest idempotency key.
const LONGEST_KEY: usize = 200;
/// How often a command is tried again when another one came first.
const TRIES: u32 = 6;

/// What is remembered under an idempotency key.
#[derive(Serialize, Deserialize)]
enum Answer {
    Done(Outcome),
    Refused(Refusal),
}

impl Engine {
    /// Carries out a command for an actor. With an idempotency key, the same command has one effect and one answer,
    /// however often it is sent. It goes on to its end even when the caller stops waiting.
    pub async fn run(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        key: Option<&str>,
        command: Command,
    ) -> Result<Outcome, EngineError> {
        self.lapse_due().await?;
        let (engine, actor, key) = (Arc::clone(self), Arc::clone(actor), key.map(str::to_owned));
        let task = tokio::spawn(async move { engine.run_to_the_end(&actor, key.as_deref(), &command).await });
        task.await.unwrap_or(Err(EngineError::Fault(Fault::Broken("a command panicked"))))
    }

    pub(crate) async fn run_to_the_end(
        &self,
        actor: &Arc<Actor>,
        key: Option<&str>,
        command: &Command,
    ) -> Result<Outcome, EngineError> {
        if command.needs_fresh_second_factor() {
            self.must_freshly(actor, command.permission())?;
        } else {
            self.must(actor, command.permission())?;
        }
        let key = key.map(idempotency_key).transpose()?;
        let mut tries = 0;
        loop {
            tries += 1;
            let fingerprint = match &key {
                None => None,
                Some(key) => {
                    let payload = self.fingerprint(command)?;
                    if let Some(past) = self.store.reader().past_command(actor.who.id(), key).await? {
                        return self.replay(actor, &past, &payload);
                    }
                    Some(PastCommand {
                        by: actor.who.id(),
                        key: key.clone(),
                        payload,
                        answer: Vec::new(),
                        at: self.clock.now(),
                    })
                }
            };
            match self.try_once(actor, command, fingerprint.as_ref()).await {
                Ok(outcome) => return Ok(outcome),
                Err(Failure::Again) if tries < TRIES => {
                    // What came first may be another's, whose changes the calendar has not seen.
                    self.store.settle().await;
                    self.catch_up().await?;
                }
                Err(Failure::Again) => {
                    return Err(Refusal::new(
                        RefusalCode::Changed,
                        "Others were changing the same nights at the same time: look again, then decide.",
                    )
                    .into());
                }
                Err(Failure::Clash(clash)) => {
                    self.doubt_if_free(&clash);
                    let refusal = self.explain(actor, clash).await?;
                    return self.remember_refusal(actor, fingerprint, refusal).await;
                }
                Err(Failure::Error(EngineError::Refused(refusal))) => {
                    return self.remember_refusal(actor, fingerprint, refusal).await;
                }
                Err(Failure::Error(fault)) => return Err(fault),
            }
        }
    }

    /// What a command would do if it were given now: it is carried out, and taken back. Nothing is kept, recorded or told
    /// to anybody. What it would be refused for is refused.
    pub async fn rehearse(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        command: Command,
    ) -> Result<Outcome, EngineError> {
        self.must(actor, command.permission())?;
        self.lapse_due().await?;
        let (engine, actor) = (Arc::clone(self), Arc::clone(actor));
        let task = tokio::spawn(async move { engine.carry_out_and_take_back(&actor, command).await });
        task.await.unwrap_or(Err(EngineError::Fault(Fault::Broken("a command panicked"))))
    }

    async fn carry_out_and_take_back(
        &self,
        actor: &Arc<Actor>,
        command: Command,
    ) -> Result<Outcome, EngineError> {
        let carried_out = {
            let _gate = self.live.gate.read().await;
            let mut work = self.begin(actor, command.action()).await?;
            self.carry_out(&mut work, command).await
        };
        match carried_out.map_err(first_come) {
            Ok(outcome) => Ok(outcome),
            Err(Failure::Clash(clash)) => Err(self.explain(actor, clash).await?.into()),
            Err(Failure::Again) => Err(Refusal::new(
                RefusalCode::Changed,
                "Others are changing the same nights at the same time: look again in a moment.",
            )
            .into()),
            Err(Failure::Error(error)) => Err(error),
        }
    }

    async fn try_once(
        &self,
        actor: &Arc<Actor>,
        command: &Command,
        past: Option<&PastCommand>,
    ) -> Done<Outcome> {
        let gate = self.live.gate.read().await;
        let mut work = self.begin(actor, command.action()).await?;
        let carried_out = self.carry_out(&mut work, command.clone()).await;
        let outcome = carried_out.map_err(first_come)?;
        if let Some(past) = past {
            let answer = self.sealed(past, &Answer::Done(outcome.clone()))?;
            work.tx
                .add_past_command(&PastCommand { answer, ..past.clone() })
                .await
                .map_err(Failure::from)
                .map_err(first_come)?;
        }
        let spaces_changed = work.spaces_changed;
        let today = work.today;
        self.commit(work).await.map_err(Failure::from).map_err(first_come)?;
        drop(gate);
        if let Outcome::Hold(hold) = &outcome
            && hold.state == HoldState::Active
        {
            self.live.note_lapse(hold.lapses_at);
        }
        if spaces_changed && let Err(fault) = self.live.reread_spaces(&self.store, today).await {
            // It is done, whatever the memory says: that is put right at the next catching up.
            tracing::warn!(%fault, "what there is could not be read again; trying again");
            self.live.doubt_spaces();
        }
        Ok(outcome)
    }

    /// Begins what is carried out in one transaction. Have the calendar's gate.
    pub(crate) async fn begin(&self, actor: &Arc<Actor>, action: &'static str) -> Result<Work, StoreError> {
        let now = self.clock.now();
        Ok(Work {
            tx: self.store.begin().await?,
            actor: Arc::clone(actor),
            now,
            today: service_day(now),
            spaces: self.live.spaces(),
            cells: Vec::new(),
            records: Vec::new(),
            case: None,
            why: None,
            spaces_changed: false,
            action,
            origin: self.origin,
        })
    }

    pub(crate) async fn commit(&self, work: Work) -> Result<(), StoreError> {
        self.record(&work.tx, &work.records).await?;
        let ticket = self.live.ticket();
        let committed = work.tx.commit().await;
        if committed.is_err() {
            // It may have been kept, and only the answer lost.
            self.live.doubt_units(work.cells.iter().map(|(unit, ..)| *unit));
            if work.spaces_changed {
                self.live.doubt_spaces();
            }
        }
        let cells = if committed.is_ok() { work.cells } else { Vec::new() };
        let change = BoardChange::of(&cells);
        self.live.apply(ticket, cells);
        if let Some(change) = change {
            // Nobody listening is no failure.
            let _ = self.board.send(change);
        }
        committed
    }

    async fn remember_refusal(
        &self,
        actor: &Actor,
        past: Option<PastCommand>,
        refusal: Refusal,
    ) -> Result<Outcome, EngineError> {
        if let Some(past) = past {
            let answer = self.sealed(&past, &Answer::Refused(refusal.clone()))?;
            let (key, payload) = (past.key.clone(), past.payload.clone());
            let tx = self.store.begin().await?;
            match tx.add_past_command(&PastCommand { answer, ..past }).await {
                Ok(()) => tx.commit().await?,
                Err(StoreError::InUse(_)) => {
                    drop(tx);
                    return self.replay_of(actor, &key, &payload).await.unwrap_or(Err(refusal.into()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(refusal.into())
    }

    async fn replay_of(
        &self,
        actor: &Actor,
        key: &str,
        payload: &[u8],
    ) -> Option<Result<Outcome, EngineError>> {
        // The other one's answer may still wait for its commit.
        self.store.settle().await;
        let past = self.store.reader().past_command(actor.who.id(), key).await.ok()??;
        Some(self.replay(actor, &past, payload))
    }

    fn sealed(&self, past: &PastCommand, answer: &Answer) -> Result<Vec<u8>, EngineError> {
        Ok(self.vault.seal_answer(&past.payload, &to_json(answer)?)?)
    }

    /// The answer that was given to a command with this fingerprint under its key.
    fn replay(&self, actor: &Actor, past: &PastCommand, payload: &[u8]) -> Result<Outcome, EngineError> {
        if past.payload != payload {
            return Err(Refusal::new(
                RefusalCode::KeyReused,
                "This idempotency key was used for another command: use a new key for a new command.",
            )
            .on("idempotencyKey")
            .into());
        }
        let answer = self.vault.open_answer(payload, &past.answer)?;
        match serde_json::from_str(&answer) {
            Ok(Answer::Done(outcome)) => {
                // The case may have been closed to the actor since.
                if let Outcome::Stay(stay) | Outcome::Moved { to: stay, .. } = &outcome {
                    self.must_be_open_to(actor, stay.household, "stay")?;
                }
                if let Outcome::Stays(stays) = &outcome {
                    stays.iter().try_for_each(|stay| self.must_be_open_to(actor, stay.household, "stay"))?;
                }
                if let Outcome::Pack(pack) = &outcome {
                    self.must_be_open_to(actor, pack.household, "pack")?;
                }
                if let Outcome::Hold(hold) = &outcome {
                    self.must_be_open_to(actor, hold.household, "hold")?;
                }
                if let Outcome::NextStep(step) = &outcome {
                    self.must_be_open_to(actor, step.household, "household")?;
                }
                if let Outcome::SupportSession(SupportSession { household, .. })
                | Outcome::KeyWorker(KeyWorker { household, .. }) = &outcome
                {
                    self.must_be_open_to(actor, *household, "household")?;
                }
                if let Outcome::ImmediateNeeds(needs) = &outcome {
                    needs
                        .iter()
                        .try_for_each(|need| self.must_be_open_to(actor, need.household, "household"))?;
                }
                if let Outcome::Apart { household, other } = &outcome {
                    self.must_be_open_to(actor, *household, "household")?;
                    self.must_be_open_to(actor, *other, "household")?;
                }
                if let Outcome::Household(Household { id, .. })
                | Outcome::Restriction(Restriction { household: id, .. }) = &outcome
                {
                    self.must_be_open_to(actor, *id, "household")?;
                }
                if let Outcome::Referral(referral) = &outcome
                    && let Some(household) = referral.household()
                {
                    self.must_be_open_to(actor, household, "referral")?;
                }
                Ok(outcome)
            }
            Ok(Answer::Refused(refusal)) => Err(refusal.into()),
            Err(_) => Err(Fault::Broken("a remembered answer can't be read").into()),
        }
    }

    fn fingerprint(&self, command: &Command) -> Result<Vec<u8>, EngineError> {
        Ok(self.vault.fingerprint(to_json(command)?.as_bytes())?)
    }

    /// The use case of a command, begun. Not an `async fn`: it is awaited without the frame that chooses it.
    #[expect(clippy::too_many_lines, reason = "a table: a line for each command")]
    fn carry_out<'w>(&'w self, work: &'w mut Work, command: Command) -> UseCase<'w> {
        match command {
            Command::SaveDistrict(district) => apart(move || self.save_district(work, district)),
            Command::SaveFeature(feature) => apart(move || self.save_feature(work, feature)),
            Command::SaveVoidReason(reason) => apart(move || self.save_void_reason(work, reason)),
            Command::SaveAccommodationKind(kind) => apart(move || self.save_accommodation_kind(work, kind)),
            Command::SetSchemeKind(ask) => apart(move || self.set_scheme_kind(work, ask)),
            Command::SetPropertyKind { property, kind } => {
                apart(move || self.set_property_kind(work, property, kind))
            }
            Command::SetPolicy(policy) => apart(move || self.set_policy(work, policy)),
            Command::SetDisclosurePolicy(policy) => apart(move || self.set_disclosure_policy(work, policy)),
            Command::SetRetentionPolicy(policy) => apart(move || self.set_retention_policy(work, policy)),
            Command::RegisterProperty(ask) => apart(move || self.register_property(work, ask)),
            Command::DescribeProperty(ask) => apart(move || self.describe_property(work, ask)),
            Command::CloseProperty { property, on } => apart(move || self.close_property(work, property, on)),
            Command::ReopenProperty { property, on } => {
                apart(move || self.reopen_property(work, property, on))
            }
            Command::RegisterUnit(ask) => apart(move || self.register_unit(work, ask)),
            Command::DescribeUnit(ask) => apart(move || self.describe_unit(work, ask)),
            Command::CloseUnit { unit, on } => apart(move || self.close_unit(work, unit, on)),
            Command::ReopenUnit { unit, on } => apart(move || self.reopen_unit(work, unit, on)),
            Command::BookStay(ask) => apart(move || self.book_stay(work, ask)),
            Command::CheckIn { stay } => apart(move || self.check_in(work, stay)),
            Command::CheckOut { stay, on, departure } => {
                apart(move || self.check_out(work, stay, on, departure))
            }
            Command::ExtendStay(ask) => apart(move || self.extend_stay(work, ask)),
            Command::ShortenStay { stay, departure } => {
                apart(move || self.shorten_stay(work, stay, departure))
            }
            Command::CancelStay { stay } => apart(move || self.cancel_stay(work, stay)),
            Command::MarkNoShow { stay } => apart(move || self.mark_no_show(work, stay)),
            Command::MoveStay(ask) => apart(move || self.move_stay(work, ask)),
            Command::ReinstateStay { stay } => apart(move || self.reinstate_stay(work, stay)),
            Command::RecordVoid(ask) => apart(move || self.record_void(work, ask)),
            Command::ChangeVoid(ask) => apart(move || self.change_void(work, ask)),
            Command::CancelVoid { void } => apart(move || self.cancel_void(work, void)),
            Command::SetAddress(ask) => apart(move || self.set_address(work, ask)),
            Command::SetHouseholdDetails(ask) => apart(move || self.set_household_details(work, ask)),
            Command::RestrictCase(ask) => apart(move || self.restrict_case(work, ask)),
            Command::LiftRestriction(ask) => apart(move || self.lift_restriction(work, ask)),
            Command::SubmitReferral(ask) => apart(move || self.submit_referral(work, ask)),
            Command::WithdrawReferral { referral } => apart(move || self.withdraw_referral(work, referral)),
            Command::AcceptReferral { referral, household } => {
                apart(move || async move { self.accept_referral(work, referral, &household).await })
            }
            Command::DeclineReferral { referral, reason } => {
                apart(move || async move { self.decline_referral(work, referral, &reason).await })
            }
            Command::SaveReason(reason) => apart(move || self.save_reason(work, reason)),
            Command::SaveLocality(locality) => apart(move || self.save_locality(work, locality)),
            Command::SetStandards(standards) => apart(move || self.set_standards(work, standards)),
            Command::SetReturnLines(ask) => apart(move || self.set_return_lines(work, ask)),
            Command::KeepApart(ask) => apart(move || self.keep_apart(work, ask)),
            Command::EndKeepApart { household, other } => {
                apart(move || async move { self.end_keep_apart(work, &household, &other).await })
            }
            Command::HoldUnit(ask) => apart(move || self.hold_unit(work, ask)),
            Command::ExtendHold { hold } => apart(move || self.extend_hold(work, hold)),
            Command::ConfirmHold { hold, exception } => {
                apart(move || async move { self.confirm_hold(work, hold, exception.as_deref()).await })
            }
            Command::ReleaseHold { hold } => apart(move || self.release_hold(work, hold)),
            Command::SweepHolds => apart(move || self.sweep_holds(work)),
            Command::SaveNextStep(ask) => apart(move || self.save_next_step(work, ask)),
            Command::EndSupport { stay } => apart(move || self.end_support(work, stay)),
            Command::RecordDeparture { stay, departure } => {
                apart(move || self.record_departure(work, stay, departure))
            }
            Command::BookSplit(ask) => apart(move || self.book_split(work, ask)),
            Command::Repack(ask) => apart(move || self.repack(work, ask)),
            Command::TakeReferral(ask) => apart(move || self.take_referral(work, ask)),
            Command::EditReferral(ask) => apart(move || self.edit_referral(work, ask)),
            Command::AssessReferral { referral } => apart(move || self.assess_referral(work, referral)),
            Command::RecordWithdrawal { referral } => apart(move || self.record_withdrawal(work, referral)),
            Command::CloseReferral { referral, outcome } => {
                apart(move || async move { self.close_referral(work, referral, &outcome).await })
            }
            Command::RecordSupportSession(ask) => apart(move || self.record_support_session(work, ask)),
            Command::CorrectSupportSession(ask) => apart(move || self.correct_support_session(work, ask)),
            Command::WithdrawSupportSession { session } => {
                apart(move || self.withdraw_support_session(work, session))
            }
            Command::AssignKeyWorker { household, worker } => {
                apart(
                    move || async move { self.assign_key_worker(work, &household, worker.as_deref()).await },
                )
            }
            Command::SaveImmediateNeed(ask) => apart(move || self.save_immediate_need(work, ask)),
            Command::SettleImmediateNeeds(ask) => apart(move || self.settle_immediate_needs(work, ask)),
            Command::ReopenImmediateNeed { need } => apart(move || self.reopen_immediate_need(work, need)),
            Command::RecordGroupAttendance(ask) => apart(move || self.record_group_attendance(work, ask)),
            Command::SaveItemCategory(category) => apart(move || self.save_item_category(work, category)),
            Command::SaveItem(ask) => apart(move || self.save_item(work, ask)),
            Command::RetireItem { item } => apart(move || async move { self.retire_item(work, &item).await }),
            Command::RestoreItem { item } => {
                apart(move || async move { self.restore_item(work, &item).await })
            }
            Command::DeleteItem { item } => apart(move || async move { self.delete_item(work, &item).await }),
            Command::AddPlace(ask) => apart(move || self.add_place(work, ask)),
            Command::ClosePlace { place } => {
                apart(move || async move { self.close_place(work, &place).await })
            }
            Command::ReopenPlace { place } => {
                apart(move || async move { self.reopen_place(work, &place).await })
            }
            Command::SetLevel(ask) => apart(move || self.set_level(work, ask)),
            Command::SaveGrant(ask) => apart(move || self.save_grant(work, ask)),
            Command::SaveTarget(ask) => apart(move || self.save_target(work, ask)),
            Command::RemoveTarget { year, code } => apart(move || self.remove_target(work, year, code)),
            Command::SetDiscretion(ask) => apart(move || self.set_discretion(work, ask)),
            Command::SaveMeetingGroup(ask) => apart(move || self.save_meeting_group(work, ask)),
            Command::SaveCommentary { group, on, text } => {
                apart(move || self.save_commentary(work, group, on, text))
            }
            Command::IssueMeetingPack { group, on } => {
                apart(move || self.issue_meeting_pack(work, group, on))
            }
            Command::SavePackTemplate(ask) => apart(move || self.save_pack_template(work, ask)),
            Command::RetirePackTemplate { template } => {
                apart(move || async move { self.retire_pack_template(work, &template).await })
            }
            Command::RestorePackTemplate { template } => {
                apart(move || async move { self.restore_pack_template(work, &template).await })
            }
            Command::PlanPack { stay } => apart(move || self.plan_pack(work, stay)),
            Command::PreparePack(ask) => apart(move || self.prepare_pack(work, ask)),
            Command::TopUpPack(ask) => apart(move || self.top_up_pack(work, ask)),
            Command::HandOverPack { pack } => apart(move || self.hand_over_pack(work, pack)),
            Command::PutBackFromPack(ask) => apart(move || self.put_back_from_pack(work, ask)),
            Command::CancelPack(ask) => apart(move || self.cancel_pack(work, ask)),
            Command::AdaptPack(ask) => apart(move || self.adapt_pack(work, ask)),
            Command::ReceiveStock(ask) => apart(move || self.receive_stock(work, ask)),
            Command::CorrectReceipt(ask) => apart(move || self.correct_receipt(work, ask)),
            Command::IssueStock(ask) => apart(move || self.issue_stock(work, ask)),
            Command::ReturnStock(ask) => apart(move || self.return_stock(work, ask)),
            Command::TransferStock(ask) => apart(move || self.transfer_stock(work, ask)),
            Command::CountStock(ask) => apart(move || self.count_stock(work, ask)),
            Command::WriteOffStock(ask) => apart(move || self.write_off_stock(work, ask)),
            Command::TurnDay => apart(move || self.roll_over(work)),
        }
    }
}

/// A use case under way.
type UseCase<'w> = Pin<Box<dyn Future<Output = Done<Outcome>> + Send + 'w>>;

/// Begins a use case on the heap, in a frame of its own: in one frame, those of all commands together would take more than
/// half of a thread's stack where the compiler does not optimise.
fn apart<'w, F: Future<Output = Done<Outcome>> + Send + 'w>(begin: impl FnOnce() -> F) -> UseCase<'w> {
    Box::pin(begin())
}

/// A failure that only means that somebody else was a moment earlier.
fn first_come(failure: Failure) -> Failure {
    match failure {
        Failure::Error(EngineError::Fault(Fault::Store(
            StoreError::InUse("household_reference" | "referral_reference" | "command_key_pkey")
            | StoreError::Deadlock,
        ))) => Failure::Again,
        other => other,
    }
}

fn idempotency_key(key: &str) -> Result<String, Refusal> {
    if key.is_empty() || key.len() > LONGEST_KEY || !key.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Refusal::bad(
            "idempotencyKey",
            format!("An idempotency key has 1 to {LONGEST_KEY} printable ASCII characters without spaces."),
        ));
    }
    Ok(key.to_owned())
}

fn to_json(value: &impl Serialize) -> Result<String, EngineError> {
    serde_json::to_string(value).map_err(|_| Fault::Broken("a value can't be written as JSON").into())
}
