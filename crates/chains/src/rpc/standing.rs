//! How one node has done lately: whether it rests, keeps up with others, and what was said of it.
//!
//! A node that fails rests for a second, then two, up to a minute; one that asks for fewer requests
//! rests for as long as it says, within the same bounds. The first good answer ends all of that.
//!
//! Invariant: requests that were under way together count as one failure, so that one moment's
//! trouble does not add up to a minute's rest.

use std::time::Duration;

use tokio::time::Instant;

use super::failure::Failure;

const REST_MIN: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(60);
const COMPLAINT_MAX: Duration = Duration::from_secs(600);
const NO_BATCHES_FOR: Duration = Duration::from_secs(3_600);

#[derive(Default)]
pub(super) struct Standing {
    failures: u32,
    rest: Option<Rest>,
    /// What went wrong since the last good answer.
    failure: Option<String>,
    round_trip: Option<Duration>,
    head: Option<u64>,
    place: Place,
    complaint: Option<(Instant, String)>,
    no_batches_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    pub until: Instant,
    pub because: Because,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Because {
    /// It may be asked all the same when nobody else is left.
    ItFailed,
    /// It is left alone.
    ItAskedTo,
}

/// Where a node's head is among the others'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    #[default]
    InStep,
    Behind {
        blocks: u64,
    },
    Ahead {
        blocks: u64,
    },
}

/// Whom to ask first: the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Good,
    ComplainedAbout,
    Behind,
    Ahead,
}

impl Standing {
    pub fn answered(&mut self) {
        self.failures = 0;
        self.rest = None;
        self.failure = None;
    }

    /// True if the node was in order until now.
    pub fn failed(&mut self, failure: &Failure, now: Instant) -> bool {
        let is_news = self.failure.replace(failure.to_string()).is_none();
        if self.rest(now).is_some() {
            return is_news;
        }
        let grown = REST_MIN.saturating_mul(1 << self.failures.min(6)).min(REST_MAX);
        self.failures = self.failures.saturating_add(1);
        let rest = match failure {
            Failure::TooManyRequests { retry_after, refusal: _ } => Rest {
                until: now + retry_after.unwrap_or(grown).clamp(REST_MIN, REST_MAX),
                because: Because::ItAskedTo,
            },
            _ => Rest { until: now + grown, because: Because::ItFailed },
        };
        self.rest = Some(rest);
        is_news
    }

    /// Something is wrong that a rest does not mend.
    pub fn refused_us(&mut self, failure: &Failure) {
        self.failure = Some(failure.to_string());
    }

    pub fn rest(&self, now: Instant) -> Option<Rest> {
        self.rest.filter(|rest| now < rest.until)
    }

    pub fn complain(&mut self, what: String, now: Instant) {
        self.complaint = Some((now, what));
    }

    fn complaint(&self, now: Instant) -> Option<&str> {
        let (at, what) = self.complaint.as_ref()?;
        (now.duration_since(*at) < COMPLAINT_MAX).then_some(what)
    }

    pub fn rank(&self, now: Instant) -> Rank {
        match (self.place, self.complaint(now)) {
            (Place::InStep, None) => Rank::Good,
            (Place::InStep, Some(_)) => Rank::ComplainedAbout,
            (Place::Behind { .. }, _) => Rank::Behind,
            (Place::Ahead { .. }, _) => Rank::Ahead,
        }
    }

    /// Takes a head that was told and how it compares.
    pub fn place(&mut self, head: u64, place: Place) {
        self.head = Some(head);
        self.place = place;
    }

    pub fn head(&self) -> Option<u64> {
        self.head
    }

    /// The average of the last few.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    pub fn took(&mut self, round_trip: Duration) {
        let average = self.round_trip.map_or(round_trip, |before| (before * 7 + round_trip) / 8);
        self.round_trip = Some(average);
    }

    pub fn takes_batches(&self, now: Instant) -> bool {
        self.no_batches_until.is_none_or(|until| until <= now)
    }

    pub fn took_no_batch(&mut self, now: Instant) {
        self.no_batches_until = Some(now + NO_BATCHES_FOR);
    }

    pub fn is_usable(&self, now: Instant) -> bool {
        self.rest(now).is_none() && self.place == Place::InStep
    }

    /// What is wrong with it.
    pub fn trouble(&self, now: Instant) -> Option<String> {
        let place = match self.place {
            Place::InStep => None,
            Place::Behind { blocks } => Some(format!("is {blocks} blocks behind")),
            Place::Ahead { blocks } => Some(format!("is {blocks} blocks ahead of everybody")),
        };
        let complaint = self.complaint(now).map(str::to_owned);
        let all: Vec<String> =
            [self.failure.clone(), complaint, place].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_and_end_with_an_answer() {
        let (mut now, mut standing) = (Instant::now(), Standing::default());
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            standing.failed(&Failure::Broken, now);
            standing.failed(&Failure::TimedOut, now);
            let rest = standing.rest(now).expect("it rests");
            assert_eq!(rest.until - now, Duration::from_secs(seconds));
            now = rest.until;
            assert_eq!(standing.rest(now), None);
        }
        standing.answered();
        assert!(standing.is_usable(now) && standing.trouble(now).is_none());
        standing.failed(&Failure::Broken, now);
        assert_eq!(standing.rest(now).expect("it rests").until - now, REST_MIN);
    }

    #[test]
    fn a_node_that_asks_for_a_rest_gets_it_within_bounds() {
        for (asked, given) in [(Some(0), 1), (Some(7), 7), (Some(86_400), 60), (None, 1)] {
            let (now, mut standing) = (Instant::now(), Standing::default());
            let retry_after = asked.map(Duration::from_secs);
            standing.failed(&Failure::TooManyRequests { retry_after, refusal: None }, now);
            let until = now + Duration::from_secs(given);
            assert_eq!(standing.rest(now), Some(Rest { until, because: Because::ItAskedTo }));
        }
    }

    #[test]
    fn a_complaint_is_seen_for_ten_minutes() {
        let (now, mut standing) = (Instant::now(), Standing::default());
        standing.complain("forgot block 7".to_owned(), now);
        let last = now + COMPLAINT_MAX - Duration::from_millis(1);
        assert_eq!(standing.rank(last), Rank::ComplainedAbout);
        assert_eq!(standing.trouble(last).as_deref(), Some("forgot block 7"));
        assert_eq!(standing.rank(now + COMPLAINT_MAX), Rank::Good);
        assert_eq!(standing.trouble(now + COMPLAINT_MAX), None);
    }
}
