//! The merchant's questions as a form of the plain page: asked before a token is chosen, checked
//! where every answer is checked, and shown again with what was entered if one is not right.
//!
//! The credentials travel inside the form, which is posted, and the answer to it is a page: no
//! address is made that names them, and nothing is kept in the browser. The page that answers runs
//! no script: it has no address that a script could read its session from.

use axum::extract::State;
use domain::invoice::InvoiceStatus;
use domain::questions::{Answer, Question, Questions};

use super::page::Shown;
use super::plain::credentials;
use crate::app::Shared;
use crate::http::auth::Payor;
use crate::http::error::{ApiError, Code};
use crate::http::extract::Json;
use crate::http::html::Html;
use crate::http::payor::forms::{FormRequest, submit};
use crate::language::Language;

/// As long as an answer may be.
const ANSWER_MAX: &str = "1000";

/// What a payor entered, by the place of its question.
#[derive(Debug, Default)]
pub struct Entered {
    answers: Vec<(usize, String)>,
    is_skipped: bool,
}

impl Entered {
    /// Takes a field of the form, if it is one of these.
    pub fn read(&mut self, name: &str, value: &str) {
        if name == "skip" {
            self.is_skipped = true;
        }
        let place = name.strip_prefix("answer-").and_then(|place| place.parse().ok());
        if let Some(place) = place {
            self.answers.push((place, value.trim().to_owned()));
        }
    }

    fn to(&self, place: usize) -> &str {
        let found = self.answers.iter().find(|(at, _)| *at == place);
        found.map_or("", |(_, answer)| answer)
    }
}

/// Questions that are still to be answered.
pub struct Asking {
    questions: Vec<Asked>,
}

/// One of them, with what was entered and whether that will not do.
struct Asked {
    question: Question,
    entered: String,
    is_wrong: bool,
}

/// What is asked before a token is chosen; none if nothing is, or all is said.
pub fn asking(payor: &Payor) -> Option<Asking> {
    let invoice = &payor.invoice;
    let is_first = invoice.status == InvoiceStatus::Unpaid && invoice.answers.is_empty();
    let questions = invoice.details.questions.as_ref().filter(|_| is_first)?;
    let asked = |question: &Question| Asked {
        question: question.clone(),
        entered: String::new(),
        is_wrong: false,
    };
    Some(Asking { questions: questions.questions.iter().map(asked).collect() })
}

/// Hands in what was entered; what is asked again if not all of it will do.
pub async fn hand_in(
    app: &Shared,
    payor: &Payor,
    entered: &Entered,
) -> Result<Option<Asking>, ApiError> {
    let Some(Questions { questions }) = &payor.invoice.details.questions else { return Ok(None) };
    let answer = |(at, question): (usize, &Question)| Answer {
        question_id: question.id.clone(),
        response: entered.to(at).to_owned(),
    };
    let all: Vec<Answer> = questions.iter().enumerate().map(answer).collect();
    let responses: Vec<Answer> =
        all.iter().filter(|answer| !answer.response.is_empty()).cloned().collect();
    let may_be_left = questions.iter().all(|question| !question.validation.required);
    if may_be_left && (entered.is_skipped || responses.is_empty()) {
        return Ok(None);
    }
    // Nothing at all is refused for that, so what is required is handed in empty.
    let responses = if responses.is_empty() { all.clone() } else { responses };
    let handed_in =
        submit(State(app.clone()), payor.clone(), Json(FormRequest { responses })).await;
    match handed_in {
        Ok(_) => Ok(None),
        Err(error) if error.code == Code::ValidationError => {
            let asked = |(question, answer): (&Question, Answer)| Asked {
                is_wrong: !is_right(question, &answer),
                question: question.clone(),
                entered: answer.response,
            };
            Ok(Some(Asking { questions: questions.iter().zip(all).map(asked).collect() }))
        }
        // The invoice was canceled meanwhile, which the page says.
        Err(error) if error.code == Code::InvoiceClosed => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether one answer will do, by the rule for all of them.
fn is_right(question: &Question, answer: &Answer) -> bool {
    if answer.response.is_empty() {
        return !question.validation.required;
    }
    let alone = Questions { questions: vec![question.clone()] };
    alone.check_answers(std::slice::from_ref(answer)).is_ok()
}

/// The form.
pub fn form(shown: &Shown, asking: &Asking) -> Html {
    let language = shown.language;
    let merchant = [("merchant", shown.details.merchant_name.as_str())];
    let may_be_left = asking.questions.iter().all(|one| !one.question.validation.required);
    let skip = match may_be_left {
        true => Html::fill(
            "<button name=\"skip\" value=\"1\" class=\"plain\" formnovalidate>{{skip}}</button>",
            &[("skip", &language.word("skip"))],
        ),
        false => Html::default(),
    };
    let fields = asking.questions.iter().enumerate().map(|(at, asked)| field(at, asked, language));
    Html::fill(
        "<h2>{{title}}</h2><form method=\"post\" action=\"/pay\">{{credentials}}\
         <input type=\"hidden\" name=\"lang\" value=\"{{lang}}\">{{fields}}\
         <button class=\"primary wide\">{{continue}}</button>{{skip}}</form>",
        &[
            ("title", &language.say("questions_title", &merchant)),
            ("credentials", &credentials(shown)),
            ("lang", &Html::text(language.tag())),
            ("fields", &fields.collect()),
            ("continue", &language.word("continue")),
            ("skip", &skip),
        ],
    )
}

fn field(at: usize, asked: &Asked, language: Language) -> Html {
    let Asked { question, entered, is_wrong } = asked;
    let place = Html::text(&at.to_string());
    let is_required = question.validation.required;
    let mark = match is_required {
        true => Html::fill(
            " <span class=\"soft\">({{word}})</span>",
            &[("word", &language.word("required"))],
        ),
        false => Html::default(),
    };
    let (wrong, described) = match is_wrong {
        true => (
            Html::fill(
                "<p class=\"wrong\" role=\"alert\" id=\"wrong-{{at}}\">{{text}}</p>",
                &[("at", &place), ("text", &language.word("wrong_answer"))],
            ),
            Html::fill(
                " aria-invalid=\"true\" aria-describedby=\"wrong-{{at}}\"",
                &[("at", &place)],
            ),
        ),
        false => (Html::default(), Html::default()),
    };
    let step = if question.kind == "number" { " step=\"any\"" } else { "" };
    let required = if is_required { " required" } else { "" };
    Html::fill(
        "<label><span>{{question}}{{mark}}</span><input name=\"answer-{{at}}\" type=\"{{kind}}\" \
         value=\"{{entered}}\" maxlength=\"{{max}}\" autocomplete=\"off\"{{step}}{{required}}\
         {{described}}></label>{{wrong}}",
        &[
            ("question", &Html::text(&question.question)),
            ("mark", &mark),
            ("at", &place),
            ("kind", &Html::text(&question.kind)),
            ("entered", &Html::text(entered)),
            ("max", &Html::own(ANSWER_MAX)),
            ("step", &Html::own(step)),
            ("required", &Html::own(required)),
            ("described", &described),
            ("wrong", &wrong),
        ],
    )
}
