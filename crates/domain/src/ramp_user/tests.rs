//! Users as a whole: bounds, what is sealed, what is claimed, and what is left after erasing.

use super::*;
use crate::changes::Record;

const NOW: Timestamp = Timestamp(1_766_320_496_000);
const PLACE: (MerchantId, Environment) = (MerchantId(1), Environment::Devnet);

fn ask() -> RampUserAsk {
    RampUserAsk {
        kind: UserType::Business,
        is_self: true,
        name: "  Zoë   & Söhne ".into(),
        email: Some("A@Example.com".into()),
        country: Country::parse("DE").expect("a country"),
        address: None,
        birth_date: Some("1990-02-28".into()),
        identifications: vec![Identification {
            kind: DocumentType::Passport,
            country: Country::parse("DE").expect("a country"),
            number: "c01x00t47".into(),
        }],
        external_id: Some("customer 7".into()),
    }
}

fn keys() -> KeyRing {
    KeyRing::new(&[1; 32], &[])
}

fn created(ask: RampUserAsk) -> Result<RampUser, Refusal> {
    let (keys, drawn) = (keys(), Entropy::new([3; 32]));
    let sealing = Sealing { keys: &keys, entropy: &drawn };
    RampUser::create(PLACE, ask, sealing, &mut Fresh::new(NOW, [1; 16]))
}

#[test]
fn what_identifies_a_person_is_sealed_and_in_no_view() {
    let user = created(ask()).expect("a sound user");
    assert_eq!((user.name.as_str(), user.email.as_deref()), ("Zoë & Söhne", Some("a@example.com")));
    let row = serde_json::to_string(&user).expect("serializes");
    let view = serde_json::to_string(&user.view(NOW)).expect("serializes");
    for text in [row, view, format!("{user:?}")] {
        assert!(!text.contains("1990") && !text.to_uppercase().contains("C01X00T47"), "{text}");
    }
    let person = user.open_person(&keys()).expect("opens");
    assert_eq!(person.birth_date.as_deref(), Some("1990-02-28"));
    assert_eq!(person.identifications[0].number, "C01X00T47");
    let stolen = RampUser { id: RampUserId(uuid::Uuid::from_u128(7)), ..user };
    assert!(stolen.open_person(&keys()).is_err());
}

#[test]
fn bounds_name_their_field() {
    let refused = |change: &dyn Fn(&mut RampUserAsk)| {
        let mut asked = ask();
        change(&mut asked);
        match created(asked) {
            Err(Refusal::Invalid { param, .. }) => param,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&|ask| ask.name = " ".into()), "name");
    assert_eq!(refused(&|ask| ask.name = "x".repeat(141)), "name");
    assert_eq!(refused(&|ask| ask.name = "x\u{1}".into()), "name");
    assert_eq!(refused(&|ask| ask.email = Some("x".into())), "email");
    assert_eq!(refused(&|ask| ask.kind = UserType::Individual), "self");
    assert_eq!(refused(&|ask| ask.external_id = Some(String::new())), "external_id");
    assert_eq!(
        refused(&|ask| ask.identifications[0].number = "!".into()),
        "identifications.number"
    );
    for day in ["1990-02-30", "2100-01-01", "1700-01-01", "28.02.1990", "", "1990-02-28T"] {
        assert_eq!(refused(&|ask| ask.birth_date = Some(day.into())), "birth_date", "{day}");
    }
}

#[test]
fn a_hit_holds_the_user_and_the_claims_are_his() {
    let user = created(ask()).expect("a sound user");
    let claims = user.claim_keys();
    assert_eq!(claims.len(), 2);
    let mut fresh = Fresh::new(NOW, [2; 16]);
    let hit = Some("list:7".to_owned());
    let (user, changes) = user.enroll(Vec::new(), hit, Origin::default(), &mut fresh);
    assert_eq!(user.status(), UserStatus::InReview);
    let of = |noun: Noun| changes.inserts.iter().filter(|row| row.noun() == noun).count();
    assert_eq!((of(Noun::Claim), of(Noun::ScreeningReview), of(Noun::RampUser)), (2, 1, 1));
    assert_eq!(changes.entries.len(), 1);
    // Why is for the operator alone.
    assert!(!changes.entries[0].data.contains("list:7"), "{}", changes.entries[0].data);
    // Who was erased gave his claims up.
    let gone = user.erase(NOW);
    assert!(gone.claim_keys().is_empty() && gone.status() == UserStatus::Closed);
    let held = claims.into_iter().map(|key| HeldClaim {
        claim: Claim { version: 1, ..Claim::new(key, gone.key()) },
        is_abandoned: true,
    });
    let next = created(ask()).expect("a sound user");
    let (next, changes) = next.enroll(held.collect(), None, Origin::default(), &mut fresh);
    let moved = changes.updates.iter().filter_map(|record| match record {
        Record::Claim(claim) => Some(claim.target),
        _ => None,
    });
    assert_eq!(moved.collect::<Vec<_>>(), [next.key(), next.key()]);
}

#[test]
fn nothing_of_a_person_is_left_after_erasing() {
    let user = created(ask()).expect("a sound user").erase(NOW);
    let row = serde_json::to_string(&user).expect("serializes");
    for text in ["Zo", "example", "customer", "sealed"] {
        assert!(!row.contains(text), "{text} in {row}");
    }
    assert_eq!((user.name.as_str(), &user.person), (ERASED_NAME, &None));
    assert!(user.clone().close(NOW).is_err());
    assert!(user.reopen().is_closed());
}

#[test]
fn the_event_of_an_erase_does_not_tell_who_it_was() {
    let erased = created(ask()).expect("a sound user").erase(NOW);
    let mut changes = Changes::of(MerchantId(1));
    erased.record_erased(&mut changes, Origin::default(), NOW);
    let data = &changes.entries[0].data;
    assert!(data.ends_with(r#""previous_attributes":{}}"#), "{data}");
    assert!(!data.contains("Zo") && !data.contains("customer 7"), "{data}");
}
