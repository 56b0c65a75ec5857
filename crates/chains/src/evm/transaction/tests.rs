//! Vectors made with ethers from the same fields and keys: every byte must be the same.

use super::*;
use crate::hashes::hex;
use crate::keys::signing::{KeyRef, Signers};
use crate::keys::words::Words;
use domain::environment::Environment;

const WORDS: &str = "test test test test test test test test test test test junk";
const TO: &str = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";

fn transaction(price: Price) -> Transaction {
    let to = Account::parse(TO).expect("an account");
    Transaction { chain_id: 1, nonce: 0, gas: 21_000, price, to, value: 0, data: vec![] }
}

#[track_caller]
fn check(key: KeyRef, transaction: &Transaction, raw: &str, hash: &str) {
    let words = Words::parse(WORDS).expect("words");
    let signers = Signers::new(&words, Environment::Mainnet).expect("keys");
    let signed = transaction.signed(&signers.evm(key).expect("a key"));
    assert_eq!(hex(&signed.raw), raw);
    assert_eq!(signed.hash.to_string(), hash);
    assert_eq!(transaction.signed(&signers.evm(key).expect("a key")), signed);
}

#[test]
fn nothing_and_no_tip() {
    check(
        KeyRef::Deposit(7),
        &transaction(Price::Dynamic { most: 30_000_000_000, tip: 0 }),
        "02f8670180808506fc23ac008252089470997970c51812dc3a010c7d01b50e0d17dc79c88080c001a061dbee\
         df8752e393c9dc0a9ccf5e7ccc694c886f2d80cf38e7a0096220917566a04f74bb6195d91024dd7fa4f69934\
         e46da0482e348957bac5f127db4053160adf",
        "0x07bc82e5f7408332006c690b65e2dee67a0c90e42cc9a0d1293bebd3ccc46a58",
    );
}

#[test]
fn a_call_with_the_largest_value() {
    let word = |last: &[u8]| [vec![0; 32 - last.len()], last.to_vec()].concat();
    let data = [vec![0xa9, 0x05, 0x9c, 0xbb], word(&[0x11; 20]), word(&[5])].concat();
    let price = Price::Dynamic { most: 1 << 127, tip: 128 };
    check(
        KeyRef::Deposit(7),
        &Transaction {
            chain_id: 8_453,
            nonce: 127,
            gas: 65_000,
            value: u128::MAX,
            data,
            ..transaction(price)
        },
        "02f8ca8221057f8180908000000000000000000000000000000082fde89470997970c51812dc3a010c7d01b5\
         0e0d17dc79c890ffffffffffffffffffffffffffffffffb844a9059cbb000000000000000000000000111111\
         1111111111111111111111111111111111000000000000000000000000000000000000000000000000000000\
         0000000005c080a0e8aca02bd949b6ffef05813c3ea31b0e5c30cf3ae6add6ab6dba717ae79b43a2a02b15e6\
         538c80c46958f4cd0d480ac445ff79b67ca8b49578c58e0193f3ea12c0",
        "0xa69cc431a67fff381e89b15caf7e8e8728613694f229f79688bf2091a713edc0",
    );
}

#[test]
fn data_whose_length_takes_two_bytes() {
    let price = Price::Dynamic { most: 256, tip: 255 };
    let data = vec![0xab; 300];
    check(
        KeyRef::Gas,
        &Transaction { chain_id: 43_114, nonce: 128, value: 55, data, ..transaction(price) },
        "02f9019682a86a818081ff8201008252089470997970c51812dc3a010c7d01b50e0d17dc79c837b9012cabab\
         abababababababababababababababababababababababababababababababababababababababababababab\
         abababababababababababababababababababababababababababababababababababababababababababab\
         abababababababababababababababababababababababababababababababababababababababababababab\
         abababababababababababababababababababababababababababababababababababababababababababab\
         abababababababababababababababababababababababababababababababababababababababababababab\
         abababababababababababababababababababababababababababababababababababababababababababab\
         ababababababababababababababababababababababababababababababababababc080a0a0c3b0fed5d5cc\
         bacd804d74116beff670b78a767a14a61db308e4a4ff120156a02cd78dfb05412a3949fe66cc663597ebc366\
         5ea200d75c8a4433a251de314c79",
        "0xaf6e5dfbae59ed916dffd67e10461a4cee2047ab240c57d2b90b92f8e28e932b",
    );
}

#[test]
fn one_price_of_before_eip_1559() {
    let value = 1_000_000_000_000_000_000;
    check(
        KeyRef::Gas,
        &Transaction { chain_id: 56, nonce: 1, value, ..transaction(Price::One(5_000_000_000)) },
        "f86d0185012a05f2008252089470997970c51812dc3a010c7d01b50e0d17dc79c8880de0b6b3a76400008081\
         93a0f9f78d044ab9cb1b2940d4b7fcd133bc1a74f4b82e2ff1268155d8cab1417638a00b2372b04e0ec1a9aa\
         dd1afef0ac6ee01e808c320a8438c2d1067451b29e1af0",
        "0x40159426fd4c11dab6ab40a150cd12c4bb7bbd865d2edb5ea362eb1134fa2fcb",
    );
    check(
        KeyRef::Deposit(7),
        &Transaction {
            chain_id: 11_155_420,
            nonce: 256,
            gas: 90_000,
            data: vec![0x7f],
            ..transaction(Price::One(1))
        },
        "f8668201000183015f909470997970c51812dc3a010c7d01b50e0d17dc79c8807f8401546fdba031ef83cc9f\
         240397e9abc3728a1179aa9a59ae9f664fa9bb10d299b81c929cc4a0617aefdecfc309390882552ee742c642\
         8af68090b83d04d3ed0e92a5245990e7",
        "0xb66a3c5b3cda330f839efe2be6be9bd9bc201e009c3d87177b3750b6c4a57d53",
    );
}
