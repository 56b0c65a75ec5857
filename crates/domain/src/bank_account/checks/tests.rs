//! Known answers of every check, and that a wrong digit never passes those that promise it.

use super::*;
use proptest::prelude::*;

fn country(code: &str) -> Country {
    Country::parse(code).expect("a country")
}

#[track_caller]
fn passes(check: impl Fn(&str) -> Checked, texts: &[(&str, &str)]) {
    for (text, kept) in texts {
        assert_eq!(check(text).as_deref(), Ok(*kept), "{text}");
    }
}

#[track_caller]
fn fails(check: impl Fn(&str) -> Checked, texts: &[&str]) {
    for text in texts {
        assert!(check(text).is_err(), "{text}");
    }
}

#[test]
fn ibans() {
    let real = [
        "GB82 WEST 1234 5698 7654 32",
        "DE89 3704 0044 0532 0130 00",
        "FR14 2004 1010 0505 0001 3M02 606",
        "NL91 ABNA 0417 1643 00",
        "ES91 2100 0418 4502 0005 1332",
        "IT60 X054 2811 1010 0000 0123 456",
        "NO93 8601 1117 947",
        "CH93 0076 2011 6238 5295 7",
        "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
        "PL61 1090 1014 0000 0712 1981 2874",
        "TR33 0006 1005 1978 6457 8413 26",
        "SA03 8000 0000 6080 1016 7519",
        "AE07 0331 2345 6789 0123 456",
        "BR18 0036 0305 0000 1000 9795 493C 1",
        "PK36 SCBL 0000 0011 2345 6702",
    ];
    for text in real {
        let kept = iban(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(kept, text.replace(' ', ""));
        assert_eq!(iban(&text.to_lowercase()), Ok(kept));
    }
    assert_eq!(iban("DE88370400440532013000"), Err(IbanError::CheckDigits));
    assert_eq!(iban("DE8937040044053201300"), Err(IbanError::Length));
    assert_eq!(iban("US89370400440532013000"), Err(IbanError::Country));
    assert_eq!(iban("DE89.3704.0044"), Err(IbanError::Characters));
    assert_eq!(iban(""), Err(IbanError::Characters));
    assert_eq!(iban("DE"), Err(IbanError::Characters));
    assert_eq!(iban("ÄE89370400440532013000"), Err(IbanError::Characters));
    let of = |text: &str| iban_of(text, country("FR"));
    assert_eq!(of("DE89370400440532013000"), Err("must be an IBAN of FR".to_owned()));
}

#[test]
fn routing_numbers() {
    let real = ["021000021", "011401533", "091000019", "122105155", "111000025", "322271627"];
    passes(aba, &real.map(|text| (text, text)));
    passes(aba, &[("0210-0002-1", "021000021")]);
    fails(aba, &["021000022", "012000021", "02100002", "0210000210", "02100002a", "", "999999992"]);
    // The sum is right and the district is not.
    fails(aba, &["000000000", "500000005"]);
}

#[test]
fn clabes_and_cbus() {
    passes(clabe, &[("032 180 00011835971 9", "032180000118359719")]);
    passes(clabe, &[("002010077777777771", "002010077777777771")]);
    fails(clabe, &["032180000118359718", "03218000011835971", "03218000011835971x", ""]);
    passes(cbu, &[("2850590940090418135201", "2850590940090418135201")]);
    fails(cbu, &["2850590940090418135202", "2850590840090418135201", "285059094009041813520"]);
}

#[test]
fn brazilian_numbers_and_keys() {
    passes(cpf, &[("529.982.247-25", "52998224725"), ("111.444.777-35", "11144477735")]);
    fails(cpf, &["529.982.247-26", "111.111.111-11", "5299822472", "52998224725x", ""]);
    passes(cnpj, &[("11.222.333/0001-81", "11222333000181"), ("04252011000110", "04252011000110")]);
    fails(cnpj, &["11.222.333/0001-82", "00000000000000", "1122233300018", ""]);
    let key = |kind: &'static str| move |text: &str| pix_key(kind, text);
    passes(key("cpf"), &[("529.982.247-25", "52998224725")]);
    passes(key("email"), &[("Zoe@Example.COM", "zoe@example.com")]);
    passes(key("phone"), &[("+55 (11) 98765-4321", "+5511987654321")]);
    let random = "123e4567-e89b-42d3-a456-426614174000";
    passes(key("random"), &[(random, random), (&random.to_uppercase(), random)]);
    fails(key("email"), &["zoe", "zoe@example", ""]);
    fails(key("phone"), &["11987654321", "+5411987654321", "+55119876543210", "+55"]);
    fails(key("random"), &["123e4567e89b42d3a456426614174000", "x", ""]);
}

#[test]
fn nubans() {
    passes(|text| nuban("011", text), &[("0000014579", "0000014579")]);
    fails(|text| nuban("011", text), &["0000014578", "000001457", "00000145790", "000001457x"]);
    fails(|text| nuban("058", text), &["0000014579"]);
    // A bank of six digits has no check digit.
    passes(|text| nuban("090267", text), &[("0000014578", "0000014578")]);
    passes(nigerian_bank, &[("058", "058"), ("090267", "090267"), ("50211", "50211")]);
    fails(nigerian_bank, &["58", "05 8x", "0902671", ""]);
}

#[test]
fn codes_of_banks() {
    passes(ifsc, &[("sbin0005943", "SBIN0005943"), ("HDFC0000001", "HDFC0000001")]);
    fails(ifsc, &["SBIN1005943", "SBI00005943", "SBIN000594", "SBIN00059433", ""]);
    let german = |text: &str| bic(text, country("DE"));
    passes(german, &[("deutdeff", "DEUTDEFF"), ("DEUTDEFF500", "DEUTDEFF500")]);
    fails(german, &["DEUTFRFF", "DEUTDEF", "DEUTDEFF50", "DEUT1EFF", "DEUTDE\u{c4}F", ""]);
    let six = |text: &str| digits_of(text, (6, 6));
    passes(six, &[("20-00-00", "200000"), ("062 000", "062000")]);
    fails(six, &["20-00-0", "2000000", "20000x", "２０００００"]);
    passes(rut, &[("12.345.678-5", "12345678-5"), ("11111111-1", "11111111-1")]);
    passes(rut, &[("6-k", "x")].map(|_| ("10.000.013-k", "10000013-K")));
    fails(rut, &["12.345.678-4", "12345678", "", "abc-1"]);
}

#[test]
fn mobile_numbers() {
    let kenyan = |text: &str| mobile(text, "254", (9, 9));
    passes(kenyan, &[("+254 712 345 678", "+254712345678"), ("00254712345678", "+254712345678")]);
    fails(kenyan, &["0712345678", "+255712345678", "+25471234567", "+2540712345678", ""]);
    let ivorian = |text: &str| mobile(text, "225", (10, 10));
    passes(ivorian, &[("+225 07 12 34 56 78", "+2250712345678")]);
}

#[test]
fn numbers_that_may_be_ibans_are_checked_as_such() {
    let number = |text: &str| account_text(text, (5, 34));
    passes(
        number,
        &[("00123456789", "00123456789"), ("AE070331234567890123456", "AE070331234567890123456")],
    );
    fails(number, &["AE080331234567890123456", "1234", "12 34.5", &"1".repeat(35)]);
}

fn with_digit(text: &str, at: usize, by: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % bytes.len();
    if bytes[at].is_ascii_digit() {
        bytes[at] = b'0' + (bytes[at] - b'0' + by) % 10;
    }
    String::from_utf8(bytes).expect("ASCII")
}

/// Which of the ten last digits makes a number pass.
fn completed(body: &str, check: impl Fn(&str) -> Checked) -> Vec<String> {
    (0..10).map(|last| format!("{body}{last}")).filter(|text| check(text).is_ok()).collect()
}

proptest! {
    #[test]
    fn one_wrong_digit_of_an_iban_never_passes(
        account in "[0-9]{18}", at in 0_usize..22, by in 1_u8..10,
    ) {
        let found = (2..=98)
            .map(|check| format!("DE{check:02}{account}"))
            .find(|text| iban(text).is_ok());
        let sound = found.expect("every account has check digits");
        let wrong = with_digit(&sound, at, by);
        prop_assert_eq!(iban(&wrong).is_ok(), wrong == sound);
    }

    #[test]
    fn two_letters_of_an_iban_do_not_change_places(account in "[0-9]{18}", at in 4_usize..21) {
        let found = (2..=98)
            .map(|check| format!("DE{check:02}{account}"))
            .find(|text| iban(text).is_ok());
        let sound = found.expect("every account has check digits");
        let mut bytes = sound.clone().into_bytes();
        bytes.swap(at, at + 1);
        let wrong = String::from_utf8(bytes).expect("ASCII");
        prop_assert_eq!(iban(&wrong).is_ok(), wrong == sound);
    }

    #[test]
    fn exactly_one_last_digit_completes_a_number(
        clabe_body in "[0-9]{17}", aba_body in "0[1-9][0-9]{6}", serial in "[0-9]{9}",
        bank in "[0-9]{3}",
    ) {
        prop_assert_eq!(completed(&clabe_body, clabe).len(), 1);
        prop_assert_eq!(completed(&aba_body, aba).len(), 1);
        prop_assert_eq!(completed(&serial, |text| nuban(&bank, text)).len(), 1);
    }

    #[test]
    fn one_wrong_digit_never_passes(
        clabe_body in "[0-9]{17}", serial in "[0-9]{9}", bank in "[0-9]{3}",
        at in 0_usize..18, by in 1_u8..10,
    ) {
        let sound = completed(&clabe_body, clabe).remove(0);
        prop_assert!(clabe(&with_digit(&sound, at, by)).is_err());
        let sound = completed(&serial, |text| nuban(&bank, text)).remove(0);
        prop_assert!(nuban(&bank, &with_digit(&sound, at, by)).is_err());
    }

    #[test]
    fn whatever_somebody_types_is_answered(text in "\\PC{0,40}") {
        for kind in [
            FieldKind::Iban, FieldKind::Aba, FieldKind::Clabe, FieldKind::SortCode, FieldKind::Bsb,
            FieldKind::Ifsc, FieldKind::Bic, FieldKind::Cbu, FieldKind::Nuban,
            FieldKind::NigerianBank, FieldKind::Rut, FieldKind::CnpjOrCpf, FieldKind::PixKeyType,
            FieldKind::PixKey, FieldKind::AccountDigits { least: 4, most: 17 },
            FieldKind::AccountText { least: 5, most: 34 },
            FieldKind::Mobile { prefix: "254", least: 9, most: 9 },
            FieldKind::OneOf(&["checking"]),
        ] {
            let kept = check(kind, &text, country("DE"), &Numbers::new());
            // What is kept is read again as it is.
            if let Ok(kept) = kept {
                prop_assert_eq!(check(kind, &kept, country("DE"), &Numbers::new()), Ok(kept));
            }
        }
    }
}
