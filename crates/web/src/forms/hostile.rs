//! The reader of forms, against whatever a caller may send: it reads or refuses, and never panics.

use poem::http::Method;
use proptest::prelude::*;

use super::*;

form!(SignInForm { name, password });

const FORM: &str = "application/x-www-form-urlencoded";

/// What is read of a body that is said to be of this type.
fn read_as(content_type: &[u8], bytes: &[u8]) -> Option<SignInForm> {
    let request = Request::builder().method(Method::POST).header("content-type", content_type);
    let (request, mut body) = request.body(bytes.to_vec()).split();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(fields(&request, &mut body)).ok()
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"))
}

/// Pieces of forms in any order, some of them no text at all.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&[u8]> = vec![
        b"name",
        b"password",
        b"token",
        b"=",
        b"&",
        b";",
        b"+",
        b"%",
        b"%0",
        b"%00",
        b"%ff",
        b"%C3",
        b"%C3%A9",
        b"%u0041",
        b"[]",
        b"[name]",
        b"a",
        b"\xff",
        b"\0",
        b"\r\n",
        b"name=x",
        b"&name=",
        b"password=%26",
    ];
    prop::collection::vec(prop::sample::select(known), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = read_as(FORM.as_bytes(), &bytes);
    }

    #[test]
    fn pieces_of_forms_are_read_or_refused(bytes in pieces()) {
        if let Some(form) = read_as(FORM.as_bytes(), &bytes) {
            prop_assert!(form.name.len() + form.password.len() + form.token.len() <= 3 * bytes.len());
        }
    }

    #[test]
    fn what_was_typed_is_what_is_read(name in any::<String>(), password in any::<String>(), more in "[a-z]{0,9}") {
        prop_assume!(!["name", "password", "token"].contains(&more.as_str()));
        let body = format!("{more}=1&password={}&name={}", encoded(&password), encoded(&name));
        let form = read_as(FORM.as_bytes(), body.as_bytes());
        let read = form.map(|form| (form.name, form.password, form.token));
        prop_assert_eq!(read, Some((name, password, String::new())));
    }

    #[test]
    fn a_field_that_is_sent_twice_is_refused(first in "[a-z]{0,9}", second in "[a-z]{0,9}") {
        let body = format!("name={first}&password=x&name={second}");
        prop_assert!(read_as(FORM.as_bytes(), body.as_bytes()).is_none());
    }

    #[test]
    fn only_what_is_said_to_be_a_form_is_read(kind in prop::sample::select(vec![
        "", "text/plain", "application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded2", "x",
    ])) {
        prop_assert!(read_as(kind.as_bytes(), b"name=x").is_none());
    }

    #[test]
    fn a_form_that_is_larger_than_any_could_be_is_refused(more in 0..3 * LARGEST) {
        let head = b"name=";
        let body = [&head[..], &vec![b'x'; more]].concat();
        prop_assert_eq!(read_as(FORM.as_bytes(), &body).is_some(), body.len() <= LARGEST);
    }
}
