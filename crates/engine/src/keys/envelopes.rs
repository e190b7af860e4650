//! The reader of sealed envelopes, against whatever a damaged database or a database administrator may hand it.

use proptest::prelude::*;

use super::*;

const KEY_A: [u8; KEY] = [7; KEY];

proptest! {
    #[test]
    fn what_was_sealed_is_opened_in_its_own_place(text in ".{0,300}", place in "[a-z_.]{1,40}") {
        let sealed = seal_text(&KEY_A, &place, &text).unwrap();
        prop_assert_eq!(open_text(&KEY_A, &place, &sealed).unwrap(), text);
    }

    #[test]
    fn a_changed_bit_is_noticed(text in ".{0,100}", at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut sealed = seal_text(&KEY_A, "t.c.r", &text).unwrap();
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(open_text(&KEY_A, "t.c.r", &sealed).is_err());
    }

    #[test]
    fn an_envelope_that_is_shorter_or_longer_is_noticed(
        text in ".{0,100}",
        cut in any::<prop::sample::Index>(),
        more in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let sealed = seal_text(&KEY_A, "t.c.r", &text).unwrap();
        prop_assert!(open_text(&KEY_A, "t.c.r", &sealed[..cut.index(sealed.len())]).is_err());
        prop_assert!(open_text(&KEY_A, "t.c.r", &[sealed, more].concat()).is_err());
    }

    #[test]
    fn an_envelope_from_elsewhere_or_of_another_key_does_not_open(
        text in ".{0,100}",
        here in "[a-z_.]{1,40}",
        there in "[a-z_.]{1,40}",
        other in any::<[u8; KEY]>(),
    ) {
        let sealed = seal_text(&KEY_A, &here, &text).unwrap();
        prop_assume!(here != there && other != KEY_A);
        prop_assert!(open_text(&KEY_A, &there, &sealed).is_err());
        prop_assert!(open_text(&other, &here, &sealed).is_err());
    }

    #[test]
    fn bytes_that_nobody_sealed_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), version in any::<bool>()) {
        let mut bytes = bytes;
        if version && let Some(first) = bytes.first_mut() {
            *first = VERSION;
        }
        prop_assert!(open_text(&KEY_A, "t.c.r", &bytes).is_err());
    }

    #[test]
    fn how_long_a_text_is_shows_only_in_steps(text in "[a-z]{0,200}") {
        let sealed = seal_text(&KEY_A, "t.c.r", &text).unwrap();
        let overhead = 1 + NONCE + 16;
        prop_assert_eq!((sealed.len() - overhead) % PAD_TO, 0);
        prop_assert!(sealed.len() - overhead < text.len() + 4 + PAD_TO);
    }

    #[test]
    fn a_key_in_hexadecimal_is_read_or_refused(text in "\\PC{0,80}", key in any::<[u8; KEY]>()) {
        let _ = from_hex(&text);
        prop_assert_eq!(from_hex(&to_hex(&key)).unwrap(), key);
    }
}
