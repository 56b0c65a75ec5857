// What the payor tells: answers to the merchant's questions, and an address for the receipt.

import * as api from "./api.js";
import { busy, button, h, notice } from "./dom.js";
import { t } from "./words.js";

const ANSWER_MAX = 1000;
const EMAIL_MAX = 255;

/** A form whose button works while what it says is sent; what is wrong is shown at the field. */
function form(submit, ...inside) {
  return h("form", { novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    busy(event.target.querySelector("[type=submit]"), submit);
  } }, ...inside);
}

/** A field with its label, and the place that says what is wrong with it. */
function ask(label, attributes) {
  const { id } = attributes;
  const input = h("input", attributes);
  const told = h("p", { class: "wrong", id: `${id}-wrong`, role: "alert", hidden: true });
  const show = (text) => {
    told.textContent = text;
    told.hidden = !text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    input.setAttribute("aria-describedby", text ? told.id : "");
  };
  input.addEventListener("input", () => show(""));
  return {
    element: h("div", { class: "stack" }, h("label", { for: id }, ...label, input), told),
    value: () => input.value.trim(),
    isWrong: () => !input.validity.valid || (input.required && !input.value.trim()),
    /** In the browser's own words where it knows what is wrong, else in ours. */
    refuse: () => {
      show(input.value.trim() ? input.validationMessage || t("wrong_answer")
        : input.validationMessage || t("required"));
      input.focus();
    },
  };
}

/** Sends what the fields say, unless one of them is wrong here or to the server. */
async function send(fields, act, isMeant) {
  const wrong = fields.find((field) => field.isWrong());
  if (wrong) {
    wrong.refuse();
    return false;
  }
  try {
    await act();
    return true;
  } catch (error) {
    const refused = error.status === 400 && fields.find((field) => isMeant(field, error.message));
    if (!refused) throw error;
    refused.refuse();
    return false;
  }
}

/** The questions before the payment; those that need no answer can be skipped. */
export function questionsForm(questions, merchant, { done, skip }) {
  const mayskip = questions.every(({ validation }) => !validation?.required);
  // The merchant chooses the ids: none of them names an element here.
  const fields = questions.map(({ id, question, type, validation }, at) => {
    const isRequired = Boolean(validation?.required);
    const label = h("span", {}, h("bdi", {}, question),
      isRequired ? h("span", { class: "soft" }, ` (${t("required")})`) : null);
    const step = type === "number" ? "any" : undefined;
    const autocomplete = type === "email" || type === "tel" ? type : "off";
    return { id, ...ask([label], { id: `question-${at}`, type, step, required: isRequired,
      maxlength: ANSWER_MAX, autocomplete }) };
  });
  const submit = async () => {
    const responses = fields.filter((field) => field.value())
      .map((field) => ({ question_id: field.id, response: field.value() }));
    // The refusal names the question it is about.
    const isMeant = ({ id }, said) => said.includes(`"${id}"`);
    const answer = async () => responses.length && api.answer(responses);
    if (await send(fields, answer, isMeant)) await done();
  };
  return [
    h("h2", { tabindex: "-1" }, t("questions_title", { merchant })),
    form(submit, ...fields.map(({ element }) => element),
      mayskip ? button(t("skip"), "plain", async () => skip()) : null,
      h("button", { type: "submit", class: "primary wide" }, t("continue"))),
  ];
}

/** An e-mail address for the receipt, given once or changed. */
export function emailForm(given, saved) {
  if (given) return h("p", { class: "soft" }, t("email_saved", { email: given }));
  const field = ask([t("email_label")], { id: "email", type: "email", required: true,
    maxlength: EMAIL_MAX, autocomplete: "email", "data-key": "email" });
  const submit = () => send([field], async () => {
    const { email } = await api.setEmail(field.value());
    notice(t("saved"));
    saved(email);
  }, () => true);
  return h("details", {}, h("summary", {}, t("email_title")),
    form(submit, h("div", { class: "line" }, field.element,
      h("button", { type: "submit" }, t("save")))));
}

/** Asks the server to look at the chain again. */
export function lookAgain(invoice, network, due) {
  return button(t("not_seen"), "plain", async () => {
    await api.look(invoice, network);
    notice(t("looking"));
    due();
  });
}
