//! The merchant's questions on an invoice, and the payor's answers.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

pub const QUESTIONS_MAX: usize = 5;
pub const QUESTIONS_BYTES_MAX: usize = 512;
const ANSWER_BYTES_MAX: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Questions {
    #[schema(min_items = 1, max_items = 5)]
    pub questions: Vec<Question>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Question {
    #[schema(min_length = 1)]
    pub id: String,
    #[schema(min_length = 1)]
    pub question: String,
    /// What kind of answer is expected: `text`, `email`, `number`, `tel` or `url`.
    #[serde(rename = "type")]
    #[schema(pattern = "^(text|email|number|tel|url)$")]
    pub kind: String,
    #[serde(default)]
    pub validation: QuestionValidation,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QuestionValidation {
    #[serde(default)]
    pub required: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Answer {
    pub question_id: String,
    /// At most 1000 bytes.
    #[schema(max_length = 1000)]
    pub response: String,
}

const KINDS: [&str; 5] = ["text", "email", "number", "tel", "url"];

impl Questions {
    pub fn check(&self) -> Result<(), Refusal> {
        let refuse = |message: &str| Err(Refusal::invalid("questions", message));
        if self.questions.is_empty() || self.questions.len() > QUESTIONS_MAX {
            return refuse("must hold 1 to 5 questions");
        }
        let text = serde_json::to_string(self).expect("questions serialize");
        if text.len() > QUESTIONS_BYTES_MAX {
            return refuse("must not pass 512 bytes");
        }
        for (at, question) in self.questions.iter().enumerate() {
            let texts = [&question.id, &question.question];
            if texts.iter().any(|text| text.chars().any(char::is_control)) {
                return refuse("must not hold control characters");
            }
            if question.id.is_empty() || question.question.is_empty() {
                return refuse("each need an id and a question");
            }
            if !KINDS.contains(&question.kind.as_str()) {
                return refuse("have a type of text, email, number, tel or url");
            }
            if self.questions[..at].iter().any(|other| other.id == question.id) {
                return refuse("must have distinct ids");
            }
        }
        Ok(())
    }

    /// Checks the payor's answers: known ids, each once, all required ones there, well-typed.
    pub fn check_answers(&self, answers: &[Answer]) -> Result<(), Refusal> {
        let refuse = |message: String| Err(Refusal::invalid("responses", message));
        if answers.is_empty() || answers.len() > QUESTIONS_MAX {
            return refuse("must hold 1 to 5 responses".into());
        }
        for (at, answer) in answers.iter().enumerate() {
            let id = &answer.question_id;
            let Some(question) = self.questions.iter().find(|question| question.id == *id) else {
                return refuse(format!("names an unknown question {id:?}"));
            };
            if answers[..at].iter().any(|other| other.question_id == *id) {
                return refuse(format!("answers {id:?} twice"));
            }
            if answer.response.len() > ANSWER_BYTES_MAX {
                return refuse(format!("to {id:?} must not pass {ANSWER_BYTES_MAX} bytes"));
            }
            let is_left_out = answer.response.trim().is_empty() && !question.validation.required;
            if !is_left_out && !is_well_typed(&question.kind, &answer.response) {
                return refuse(format!("to {id:?} must be a valid {}", question.kind));
            }
        }
        let unanswered = self.questions.iter().find(|question| {
            question.validation.required
                && !answers.iter().any(|answer| answer.question_id == question.id)
        });
        match unanswered {
            Some(question) => refuse(format!("must answer {:?}", question.id)),
            None => Ok(()),
        }
    }
}

fn is_well_typed(kind: &str, response: &str) -> bool {
    let text = response.trim();
    match kind {
        "email" => normalize_email(text).is_some(),
        "number" => {
            text.strip_prefix('-').unwrap_or(text).bytes().all(is_decimal) && has_digit(text)
        }
        "url" => url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https")),
        "tel" => has_digit(text) && text.bytes().all(|byte| b"0123456789+-(). ".contains(&byte)),
        _ => !text.is_empty(),
    }
}

fn is_decimal(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'.'
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Trims and lower-cases an e-mail address, if it can be one.
pub fn normalize_email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, host) = text.rsplit_once('@')?;
    let is_plain = |part: &str| {
        !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '@')
    };
    let has_dot = host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    let fits = text.len() <= 255 && local.len() <= 64 && is_plain(local) && is_plain(host);
    let host_is_plain = host.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.');
    (fits && has_dot && host_is_plain && !host.contains("..")).then(|| text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn questions() -> Questions {
        let text = r#"{"questions":[
            {"id":"mail","question":"Your e-mail?","type":"email","validation":{"required":true}},
            {"id":"note","question":"A note?","type":"text"}]}"#;
        serde_json::from_str(text).expect("questions")
    }

    #[track_caller]
    fn check(answers: &[(&str, &str)], is_fine: bool) {
        let answers: Vec<Answer> = answers
            .iter()
            .map(|(id, text)| Answer { question_id: (*id).into(), response: (*text).into() })
            .collect();
        assert_eq!(questions().check_answers(&answers).is_ok(), is_fine, "{answers:?}");
    }

    #[test]
    fn answers_are_complete_known_and_well_typed() {
        assert_eq!(questions().check(), Ok(()));
        check(&[("mail", "a@example.com")], true);
        check(&[("mail", "a@example.com"), ("note", "")], true);
        check(&[("note", "hello")], false);
        check(&[("mail", "nobody")], false);
        check(&[("mail", "a@example.com"), ("mail", "b@example.com")], false);
        check(&[("mail", "a@example.com"), ("other", "x")], false);
        check(&[], false);
    }

    #[test]
    fn emails_are_normalised() {
        assert_eq!(normalize_email(" A@Example.COM "), Some("a@example.com".into()));
        for text in ["", "a", "a@b", "@b.c", "a@b..c", "a b@c.d", "a@b c.d", "a@<b>.c"] {
            assert_eq!(normalize_email(text), None, "{text}");
        }
    }
}
